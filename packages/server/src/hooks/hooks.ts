import { isSpecError, SpecError } from '@mqttspec/protocol'
import type { Logger } from '../logger.ts'
import { Deadlines } from './deadlines.ts'
import type { HookName } from './hook-context.ts'

/** A hook as it was registered; without an entity it is for every one. */
export interface Registered {
  readonly name: HookName
  readonly entity: string | undefined
  readonly run: (context: never) => unknown
}

/** What a line in the log is about. */
export interface About {
  readonly clientId: string
  /** The id of the request, where there is one. */
  readonly request?: string | undefined
}

/** Runs the hooks of a spec, in the order in which they were registered. */
export class Hooks {
  readonly #byName: ReadonlyMap<HookName, readonly Registered[]>
  readonly #deadlines: Deadlines
  readonly #logger: Logger

  constructor(registered: readonly Registered[], timeoutMs: number, logger: Logger) {
    const names = new Set(registered.map(({ name }) => name))
    this.#byName = new Map([...names].map((name) => [name, registered.filter((hook) => hook.name === name)]))
    this.#deadlines = new Deadlines(timeoutMs)
    this.#logger = logger
  }

  /** Is there any of these hooks for this entity? Where there is none, nothing is prepared for it. */
  has(entity: string | undefined, ...names: readonly HookName[]): boolean {
    return names.some((name) => this.#byName.get(name)?.some((hook) => isFor(hook, entity)))
  }

  /** Is this hook registered at all, be it for one entity or for all? */
  hasAny(name: HookName): boolean {
    return this.#byName.has(name)
  }

  /**
   * Runs one after the other. Rejects when one throws or takes too long: a `SpecError` as it is; a plain `Error` as
   * `hook_error` with its message; anything else, which may carry a driver's text, as `hook_error` alone.
   */
  async run(name: HookName, entity: string | undefined, context: object, about: About): Promise<void> {
    for (const hook of this.#byName.get(name) ?? []) {
      if (!isFor(hook, entity)) continue
      try {
        const running = hook.run(context as never)
        if (isPromise(running)) await this.#deadlines.hold(running, () => new TooLong())
      } catch (error) {
        throw this.#explain(name, entity, error, about)
      }
    }
  }

  #explain(name: HookName, entity: string | undefined, error: unknown, about: About): SpecError {
    if (isSpecError(error)) return error
    const code = name === 'beforeHandle' ? 'unauthorized' : 'hook_error'
    const isPlain = error instanceof Error && error.constructor === Error
    if (!isPlain) this.#logger.error({ ...about, err: error, hook: name, entity }, 'a hook failed')
    if (error instanceof TooLong) return new SpecError('timeout', `The hook ${name} took too long.`, undefined, error)
    return new SpecError(
      code,
      isPlain && error.message !== '' ? error.message : `hook ${name} failed`,
      undefined,
      error,
    )
  }
}

class TooLong extends Error {}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

const isFor = (hook: Registered, entity: string | undefined): boolean =>
  hook.entity === undefined || hook.entity === entity

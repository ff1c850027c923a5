import type { Change } from '../change.ts'
import type { ChangeSink, ChangeSource } from './change-source.ts'

/**
 * The changes that this server itself has made, as it is told of them. It knows nothing of other writers, and forgets
 * everything when the process ends: for a database in which nothing may be set up.
 */
export class OwnWrites implements ChangeSource {
  readonly keepsHistory = false
  readonly durables = undefined
  readonly lastStatus = undefined
  readonly place = undefined
  #sink: ChangeSink | undefined

  async start(sink: ChangeSink): Promise<void> {
    this.#sink = sink
  }

  committed(changes: readonly Change[]): void {
    if (changes.length > 0) this.#sink?.changed(changes)
  }

  stirred(): void {}

  async now(): Promise<undefined> {
    return undefined
  }

  async caughtUp(): Promise<undefined> {
    return undefined
  }

  async *history(): AsyncGenerator<'gone'> {
    yield 'gone'
  }

  async rows(): Promise<never> {
    throw new Error('there is no stream whose place the rows could have')
  }

  async status(): Promise<undefined> {
    return undefined
  }

  async stop(): Promise<void> {
    this.#sink = undefined
  }
}

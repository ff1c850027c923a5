import type { Change } from '../change.ts'
import type { ChangeSink, ChangeSource } from './change-source.ts'

/**
 * The changes that this server itself has made, as it is told of them. It knows nothing of other writers, and forgets
 * everything when the process ends.
 */
export class OwnWrites implements ChangeSource {
  #sink: ChangeSink | undefined

  async start(sink: ChangeSink): Promise<void> {
    this.#sink = sink
  }

  committed(changes: readonly Change[]): void {
    if (changes.length > 0) this.#sink?.(changes)
  }

  async stop(): Promise<void> {
    this.#sink = undefined
  }
}

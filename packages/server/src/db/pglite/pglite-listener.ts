import type { PGlite } from '@electric-sql/pglite'
import type { Logger } from '../../logger.ts'
import type { Listening } from '../listener.ts'

/** Listens to a channel of a PGlite, whose one session is the user's as well: it hears what either of them has committed. */
export class PgliteListener implements Listening {
  readonly #begun: Promise<(() => Promise<void>) | undefined>

  constructor(client: PGlite, channel: string, heard: () => void, logger: Logger) {
    this.#begun = client.listen(channel, heard).then(
      (end) => {
        heard() // what was told before that was not heard
        return () => end()
      },
      (error: unknown) => {
        logger.warn({ err: error, channel }, 'notifications of PGlite are not heard')
        return undefined
      },
    )
  }

  async stop(): Promise<void> {
    const end = await this.#begun
    // The user may have closed it already; then nothing is heard any more either.
    await end?.().catch(() => undefined)
  }
}

import type { Logger } from '../logger.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/**
 * Closes a server on SIGTERM and SIGINT; the process then ends by itself, as nothing holds it. A second signal ends it
 * at once, with code 1. Returns what stops listening for signals.
 */
export function closeOnSignals(close: () => Promise<void>, logger: Logger): () => void {
  let closing = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (closing) process.exit(1)
    closing = true
    logger.info({ signal }, 'closing')
    close().then(stop, (error: unknown) => {
      logger.error({ err: error }, 'could not close')
      process.exit(1)
    })
  }
  const stop = () => {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return stop
}

import { run } from './run.ts'

const STOP_MS = 1_500

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort())
// What is still under way by then, such as a database that is only just starting, ends with the process.
stop.signal.addEventListener('abort', () => setTimeout(() => process.exit(0), STOP_MS).unref())

try {
  await run(process.env, (line) => console.log(line), stop.signal)
} catch (error) {
  if (!stop.signal.aborted) {
    console.error(`\n${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../apps/demo', import.meta.url))
const START_MS = 60_000
const STOP_MS = 10_000

/** The demo as a user starts it: a process of its own. */
export interface DemoProcess extends AsyncDisposable {
  readonly url: string
  readonly mqttPort: number
  /** What it printed until now. */
  output(): string
  /** Sends SIGTERM and waits for the end: the exit code, and how long it took. */
  stop(): Promise<{ readonly code: number | null; readonly tookMs: number }>
}

/** Starts the demo with these ports (0 picks one) and waits until it says that it is ready. */
export async function startDemo(env: Readonly<Record<string, string>>): Promise<DemoProcess> {
  const args = ['--import', 'tsx', '--conditions=@mqttspec/source', 'src/server/main.ts']
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const stop = () => end(child)
  try {
    await ready(child, () => output)
  } catch (error) {
    await stop()
    throw error
  }
  const url = /http:\/\/\S+/.exec(output)?.[0] ?? ''
  const mqttPort = Number(/mqtt:\/\/[^:]+:(\d+)/.exec(output)?.[1])
  return { url, mqttPort, output: () => output, stop, [Symbol.asyncDispose]: async () => void (await stop()) }
}

/** Runs the demo until it ends by itself: its exit code, and what it printed. */
export async function runDemo(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=@mqttspec/source', 'src/server/main.ts'], {
    cwd: folder,
    env: { ...process.env, ...env },
    timeout: START_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  await once(child, 'close')
  return { code: child.exitCode, output }
}

function ready(child: ChildProcess, output: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`The demo was not ready in time:\n${output()}`)), START_MS)
    child.stdout?.on('data', () => {
      if (!output().includes('Ctrl-C stops it')) return
      clearTimeout(timer)
      resolve()
    })
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`The demo ended with ${code}:\n${output()}`))
    })
  })
}

async function end(child: ChildProcess) {
  const started = performance.now()
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    child.kill('SIGTERM')
    await exited
    clearTimeout(timer)
  }
  return { code: child.exitCode, tookMs: performance.now() - started }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { until } from '../until.ts'

/** A Mosquitto of a test's own. */
export interface Mosquitto extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Kills it and starts it again on the same port; what it had in memory is gone. */
  restart(): Promise<void>
}

/** Starts a private Mosquitto, whose program is at this path, on a free port of loopback. */
export async function startAt(
  executable: string,
  config: readonly string[] = ['allow_anonymous true'],
): Promise<Mosquitto> {
  const folder = await mkdtemp(join(tmpdir(), 'mqttspec-mosquitto-'))
  const port = await freePort()
  const file = join(folder, 'mosquitto.conf')
  const lines = [`listener ${port} 127.0.0.1`, 'set_tcp_nodelay true', 'persistence false', ...config]
  await writeFile(file, `${lines.join('\n')}\n`)
  let running = await launch(executable, file, port)
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    async restart() {
      await kill(running)
      running = await launch(executable, file, port)
    },
    async [Symbol.asyncDispose]() {
      await kill(running)
      await rm(folder, { recursive: true })
    },
  }
}

/** The path of the program; Debian keeps it in a folder that is not on everybody's PATH. */
export function findMosquitto(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin']
  return folders.map((folder) => join(folder, 'mosquitto')).find((path) => existsSync(path))
}

async function launch(executable: string, file: string, port: number): Promise<ChildProcess> {
  const child = spawn(executable, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said = (said + chunk).slice(-2_000)
  })
  try {
    await until(() => {
      if (child.exitCode !== null) throw new Error(`Mosquitto ended with ${child.exitCode}: ${said}`)
      return answers(port)
    })
  } catch (error) {
    await kill(child)
    throw error
  }
  return child
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
}

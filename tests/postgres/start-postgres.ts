import { execFile, spawn } from 'node:child_process'
import { accessSync, chownSync, constants, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import postgres from 'postgres'

const run = promisify(execFile)

/** A PostgreSQL cluster of its own, gone with its tests. */
export interface RunningPostgres extends AsyncDisposable {
  readonly port: number
  /** The database `postgres`, as its superuser. */
  readonly url: string
  /** Makes an empty database; resolves with its URL. */
  createDatabase(): Promise<string>
  /** What the server has written to its log. */
  log(): string
  /** Stops the server (`immediate`: as a crash does) and starts it again on the same data. */
  restart(mode: 'fast' | 'immediate'): Promise<void>
  stop(): Promise<void>
}

/** The folder of PostgreSQL's programs: that on the PATH, or the newest that Debian has put aside; else undefined. */
export async function findPostgres(): Promise<string | undefined> {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(debian, version, 'bin')),
  ]
  return folders.find((folder) => ['initdb', 'postgres'].every((program) => isProgram(join(folder, program))))
}

/**
 * Starts a cluster on a free port of 127.0.0.1, with settings on top of those of `postgresql.conf`, or resolves with
 * undefined when PostgreSQL is not installed.
 */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<RunningPostgres | undefined> {
  const programs = await findPostgres()
  if (programs === undefined) return undefined
  const owner = await unprivileged()
  const folder = mkdtempSync(join(tmpdir(), 'mqttspec-postgres-'))
  if (owner) chownSync(folder, owner.uid, owner.gid)
  const data = join(folder, 'data')
  const init = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']
  await run(join(programs, 'initdb'), init, { ...owner })
  const port = await freePort()
  const start = (): Promise<Server> => startServer(join(programs, 'postgres'), folder, port, owner, settings)
  return new Cluster(folder, port, start, await start())
}

type Owner = { readonly uid: number; readonly gid: number }
type Signal = 'INT' | 'QUIT'
type Server = { end(signal: Signal): Promise<void> }

class Cluster implements RunningPostgres {
  readonly port: number
  readonly url: string
  readonly #folder: string
  readonly #start: () => Promise<Server>
  #server: Server | undefined
  #databases = 0

  constructor(folder: string, port: number, start: () => Promise<Server>, server: Server) {
    this.port = port
    this.url = this.#urlOf('postgres')
    this.#folder = folder
    this.#start = start
    this.#server = server
  }

  async createDatabase(): Promise<string> {
    const name = `test_${++this.#databases}`
    const sql = postgres(this.url, { max: 1 })
    await sql.unsafe(`create database ${name}`)
    await sql.end()
    return this.#urlOf(name)
  }

  log(): string {
    return readFileSync(join(this.#folder, 'log'), 'utf8')
  }

  async restart(mode: 'fast' | 'immediate'): Promise<void> {
    await this.#server?.end(mode === 'fast' ? 'INT' : 'QUIT')
    this.#server = await this.#start()
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    await server?.end('QUIT')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #urlOf(database: string): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`
  }
}

/**
 * The server under a shell that waits for a line with a signal to stop it by. When the process of the tests dies, the
 * line never comes: the shell reads the end of its input, stops the server and removes the data.
 */
const KEEPER = `
  folder=$1; shift
  "$@" >"$folder/log" 2>&1 </dev/null & server=$!
  read -r signal
  kill -s "\${signal:-QUIT}" $server
  wait $server
  [ -n "$signal" ] || rm -rf "$folder"`

async function startServer(
  program: string,
  folder: string,
  port: number,
  owner: Owner | undefined,
  more: Readonly<Record<string, string>>,
): Promise<Server> {
  const data = join(folder, 'data')
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: 50,
    ...more,
  }
  const parameters = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const keeper = spawn('/bin/sh', ['-c', KEEPER, 'sh', folder, program, '-D', data, ...parameters], {
    stdio: ['pipe', 'ignore', 'ignore'],
    ...owner,
  })
  const ended = new Promise<void>((resolve) => keeper.on('exit', () => resolve()))
  await untilReady(join(data, 'postmaster.pid'), join(folder, 'log'))
  return {
    end: async (signal) => {
      keeper.stdin?.end(`${signal}\n`)
      await ended
    },
  }
}

/** The eighth line of the server's own file says when it takes connections. */
async function untilReady(file: string, log: string): Promise<void> {
  const deadline = Date.now() + 30_000
  while (Date.now() < deadline) {
    if (existsSync(file) && readFileSync(file, 'utf8').split('\n')[7]?.startsWith('ready')) return
    await wait(20)
  }
  throw new Error(`PostgreSQL did not start:\n${readFileSync(log, 'utf8')}`)
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package makes. */
async function unprivileged(): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const id = async (flag: string): Promise<number> => Number((await run('id', [flag, 'postgres'])).stdout)
  return { uid: await id('-u'), gid: await id('-g') }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { expect } from 'vitest'
import { startCuttingProxy } from '../../cutting-proxy.ts'
import { until } from '../../until.ts'
import { type RunningPostgres, startPostgres } from '../start-postgres.ts'
import { TABLES } from './spec.ts'
import { SqlWriter } from './sql-writer.ts'
import { type Row, Subscriber } from './subscriber.ts'
import { type Audited, ofSubscriber, ofWrites } from './verdict.ts'
import { Writer } from './writer.ts'

type Proxy = Awaited<ReturnType<typeof startCuttingProxy>>

/** The server as a process that can be killed, on one port through all its lives. */
export class ServerProcess {
  readonly #database: string
  readonly #port: number
  #child: ChildProcess | undefined

  constructor(database: string, port: number) {
    this.#database = database
    this.#port = port
  }

  async start(attempts = 10): Promise<void> {
    const program = fileURLToPath(new URL('server.ts', import.meta.url))
    const args = ['--import', 'tsx', '--conditions=@mqttspec/source', program, this.#database, String(this.#port)]
    const cwd = fileURLToPath(new URL('../../../examples', import.meta.url))
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child = child
    const isUp = await Promise.race([once(child, 'message').then(() => true), once(child, 'exit').then(() => false)])
    // It is started while its database is not there, or comes up again.
    if (isUp) return
    if (--attempts === 0) throw new Error('the server does not start')
    await wait(200)
    return this.start(attempts)
  }

  /** Is it there, unless it was killed? */
  get isAlive(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (!child || !this.isAlive) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }
}

/** A port that nobody is given by chance between two lives of the server. */
async function portOfOwn(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}

/** Writers that speak SQL. */
const PAST_THE_SERVER = 3

/** What a trial may break. */
export interface Means {
  readonly server: ServerProcess
  readonly cluster: RunningPostgres
  /** Between the server and its database, between writers and the server, and between subscribers and the server. */
  readonly toDatabase: Proxy
  readonly toServer: Proxy
  readonly toReaders: Proxy
}

export interface TrialOptions {
  readonly seed: number
  readonly writers?: number
  readonly subscribers?: number
  /** Breaks things while writers write. What it returns is said in the report. */
  readonly faults: (means: Means) => Promise<unknown>
}

/** Runs writers and subscribers while something is broken, lets everything heal, and holds them to what must be true. */
export async function runTrial({ seed, writers: writing = 6, subscribers: reading = 12, faults }: TrialOptions) {
  await using cluster = await startPostgres()
  if (!cluster) throw new Error('PostgreSQL has gone')
  const url = await cluster.createDatabase()
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  await sql.unsafe(TABLES)
  await using toDatabase = await startCuttingProxy(cluster.port)
  const port = await portOfOwn()
  await using toServer = await startCuttingProxy(port)
  await using toReaders = await startCuttingProxy(port)
  const server = new ServerProcess(url.replace(`:${cluster.port}/`, `:${toDatabase.port}/`), port)
  await server.start()
  const subscribers = Array.from({ length: reading }, (_, n) => new Subscriber(toReaders.port, seed, n))
  const writers: (Writer | SqlWriter)[] = []
  try {
    await until(() => subscribers.every(({ isReady }) => isReady), 15_000)
    for (let n = 0; n < writing; n++) writers.push(new Writer(toServer.port, seed, n))
    for (let n = 0; n < PAST_THE_SERVER; n++) writers.push(new SqlWriter(url, seed, n))
    await wait(500)
    const dealt = await faults({ server, cluster, toDatabase, toServer, toReaders })
    expect(server.isAlive).toBe(true)
    await Promise.all(writers.map((writer) => writer.stop()))
    // Everybody comes back once more.
    toReaders.cut('close')
    const log = (await sql.unsafe('select old, new from audit order by seq')) as unknown as Audited[]
    const asked = writers.flatMap((writer) => writer.asked)
    const wrong = async () => {
      const ofAll = subscribers.map(async (each, index) => {
        const where = `tenant = '${each.tenant}' and (${each.filter.sql})`
        const rows = (await sql.unsafe(`select * from items where ${where}`)) as unknown as Row[]
        const stuck = each.isReady ? [] : ['stuck: it is not there']
        const name = `s${index} (${each.mode}, ${each.filter.sql})`
        return [...stuck, ...ofSubscriber(each, log, rows)].map((what) => `${name} ${what}`)
      })
      return [...ofWrites(asked, log), ...(await Promise.all(ofAll)).flat()]
    }
    await until(async () => (await wrong()).length === 0, 15_000).catch(() => undefined)
    const acknowledged = asked.filter(({ outcome }) => outcome === 'acknowledged').length
    const sum = (of: (subscriber: Subscriber) => number) => subscribers.reduce((all, each) => all + of(each), 0)
    console.log(
      `seed ${seed}: ${asked.length} writes, ${acknowledged} acknowledged, ${log.length} changes, ` +
        `${sum(({ events }) => events.length)} events, ${sum(({ returns }) => returns)} subscribes; ${dealt ?? ''}`,
    )
    expect(await wrong()).toEqual([])
    // A durable one whose beginning was never acknowledged begins anew; who has a position never does.
    expect(subscribers.filter(({ mode, resets }) => mode === 'since' && resets > 0)).toEqual([])
    // What was not tried says nothing.
    expect(acknowledged).toBeGreaterThan(20)
    return { asked, acknowledged }
  } finally {
    for (const writer of writers) await writer.stop()
    for (const subscriber of subscribers) await subscriber.end()
    await server.kill()
    await sql.end({ timeout: 1 })
  }
}

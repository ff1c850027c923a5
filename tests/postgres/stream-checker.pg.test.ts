import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { startCuttingProxy } from '../cutting-proxy.ts'
import { describeWith } from '../require-service.ts'
import { until } from '../until.ts'
import { findPostgres, type RunningPostgres, startPostgres } from './start-postgres.ts'
import { randomOf } from './stream-checker/random.ts'
import { TABLES } from './stream-checker/spec.ts'
import { type Row, Subscriber } from './stream-checker/subscriber.ts'
import { type Audited, ofSubscriber, ofWrites } from './stream-checker/verdict.ts'
import { Writer } from './stream-checker/writer.ts'

const NIGHTLY = process.env.MQTTSPEC_NIGHTLY === '1'
const SEEDS = process.env.MQTTSPEC_SEED
  ? [Number(process.env.MQTTSPEC_SEED)]
  : NIGHTLY
    ? Array.from({ length: 20 }, (_, n) => n + 1)
    : [1]
const FAULTS_MS = NIGHTLY ? 25_000 : 13_000
const WRITERS = 6
const SUBSCRIBERS = 12

type Proxy = Awaited<ReturnType<typeof startCuttingProxy>>

/** The server as a process that can be killed, on one port through all its lives. */
class Server {
  readonly #database: string
  readonly #port: number
  #child: ChildProcess | undefined

  constructor(database: string, port: number) {
    this.#database = database
    this.#port = port
  }

  async start(attempts = 10): Promise<void> {
    const program = fileURLToPath(new URL('stream-checker/server.ts', import.meta.url))
    const args = ['--import', 'tsx', '--conditions=@mqttspec/source', program, this.#database, String(this.#port)]
    const cwd = fileURLToPath(new URL('../../examples', import.meta.url))
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

/** The faults, each of which ends by itself. */
const FAULTS = (server: Server, cluster: RunningPostgres, toDatabase: Proxy, toServer: Proxy) => ({
  kill: async () => {
    await server.kill()
    await server.start()
  },
  pause: async () => {
    server.pause()
    await wait(800)
    server.resume()
  },
  'cut database': async () => toDatabase.cut('reset'),
  'stall database': async () => {
    toDatabase.stall()
    await wait(800)
    toDatabase.resume()
  },
  'crash database': () => cluster.restart('immediate'),
  'cut clients': async () => toServer.cut('reset'),
  'close clients': async () => toServer.cut('close'),
  'stall clients': async () => {
    toServer.stall()
    await wait(1_000)
    toServer.resume()
  },
})

async function dealFaults(faults: ReturnType<typeof FAULTS>, random: () => number): Promise<readonly string[]> {
  const names = Object.keys(faults) as (keyof typeof faults)[]
  const dealt: string[] = []
  const endAt = Date.now() + FAULTS_MS
  for (let deck = [...names]; Date.now() < endAt; ) {
    if (deck.length === 0) deck = [...names]
    const [name = 'kill'] = deck.splice(Math.floor(random() * deck.length), 1)
    dealt.push(name)
    await faults[name]()
    await wait(200 + random() * 600)
  }
  return dealt
}

describeWith('PostgreSQL', await findPostgres(), () => {
  test.each(SEEDS)(
    'whatever fails, no write is lost or runs twice, and every subscriber is told everything in its order (seed %i)',
    { timeout: FAULTS_MS + 90_000 },
    async (seed) => {
      await using cluster = await startPostgres()
      if (!cluster) throw new Error('PostgreSQL has gone')
      const url = await cluster.createDatabase()
      const sql = postgres(url, { max: 1, onnotice: () => {} })
      await sql.unsafe(TABLES)
      await using toDatabase = await startCuttingProxy(cluster.port)
      const port = await portOfOwn()
      await using toServer = await startCuttingProxy(port)
      const server = new Server(url.replace(`:${cluster.port}/`, `:${toDatabase.port}/`), port)
      await server.start()
      const subscribers = Array.from({ length: SUBSCRIBERS }, (_, n) => new Subscriber(toServer.port, seed, n))
      const writers: Writer[] = []
      try {
        await until(() => subscribers.every(({ isReady }) => isReady), 15_000)
        for (let n = 0; n < WRITERS; n++) writers.push(new Writer(toServer.port, seed, n))
        await wait(1_000)
        const dealt = await dealFaults(FAULTS(server, cluster, toDatabase, toServer), randomOf(seed, 'faults'))
        expect(server.isAlive).toBe(true)
        await Promise.all(writers.map((writer) => writer.stop()))
        // Everybody comes back once more.
        toServer.cut('close')
        const log = (await sql.unsafe('select old, new from audit order by seq')) as unknown as Audited[]
        const asked = writers.flatMap((writer) => writer.asked)
        const wrong = async () => [
          ...ofWrites(asked, log),
          ...(
            await Promise.all(
              subscribers.map(async (each, index) => {
                const where = `tenant = '${each.tenant}' and (${each.filter.sql})`
                const rows = (await sql.unsafe(`select * from items where ${where}`)) as unknown as Row[]
                return ofSubscriber(each, log, rows).map(
                  (what) => `s${index} (${each.mode}, ${each.filter.sql}) ${what}`,
                )
              }),
            )
          ).flat(),
          ...subscribers.flatMap((each, index) => (each.isReady ? [] : [`stuck: s${index} is not there`])),
        ]
        await until(async () => (await wrong()).length === 0, 15_000).catch(() => undefined)
        const acknowledged = asked.filter(({ outcome }) => outcome === 'acknowledged').length
        console.log(
          `seed ${seed}: ${asked.length} writes, ${acknowledged} acknowledged, ${log.length} changes, ` +
            `${subscribers.reduce((sum, { events }) => sum + events.length, 0)} events, ` +
            `${subscribers.reduce((sum, { returns }) => sum + returns, 0)} subscribes, faults: ${dealt.join(', ')}`,
        )
        expect(await wrong()).toEqual([])
        // What is not tried says nothing.
        expect(acknowledged).toBeGreaterThan(50)
        expect(subscribers.filter(({ mode, resets }) => mode !== 'snapshot' && resets > 0)).toEqual([])
      } finally {
        for (const writer of writers) await writer.stop()
        for (const subscriber of subscribers) await subscriber.end()
        await server.kill()
        await sql.end({ timeout: 1 })
      }
    },
  )
})

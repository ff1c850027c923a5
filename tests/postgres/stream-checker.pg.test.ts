import { setTimeout as wait } from 'node:timers/promises'
import { test } from 'vitest'
import { describeWith } from '../require-service.ts'
import { findPostgres } from './start-postgres.ts'
import { randomOf } from './stream-checker/random.ts'
import { type Means, runTrial } from './stream-checker/trial.ts'

const NIGHTLY = process.env.MQTTSPEC_NIGHTLY === '1'
const SEEDS = process.env.MQTTSPEC_SEED
  ? [Number(process.env.MQTTSPEC_SEED)]
  : Array.from({ length: NIGHTLY ? 20 : 1 }, (_, n) => n + 1)
const FAULTS_MS = NIGHTLY ? 25_000 : 13_000

/** The faults, each of which ends by itself. */
const FAULTS = ({ server, cluster, toDatabase, toServer, toReaders }: Means) => ({
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
  'cut clients': async () => {
    toServer.cut('reset')
    toReaders.cut('reset')
  },
  'close clients': async () => {
    toServer.cut('close')
    toReaders.cut('close')
  },
  'stall clients': async () => {
    toServer.stall()
    await wait(1_000)
    toServer.resume()
  },
  // What was sent into it is gone.
  'lose subscribers': async () => {
    toReaders.stall()
    await wait(1_500)
    toReaders.cut('reset')
    toReaders.resume()
  },
})

async function dealFaults(faults: ReturnType<typeof FAULTS>, random: () => number): Promise<string> {
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
  return dealt.join(', ')
}

describeWith('PostgreSQL', await findPostgres(), () => {
  test.each(SEEDS)(
    'whatever fails, no write is lost or runs twice, and every subscriber is told everything in its order (seed %i)',
    async (seed) => {
      await runTrial({ seed, faults: (means) => dealFaults(FAULTS(means), randomOf(seed, 'faults')) })
    },
    FAULTS_MS + 90_000,
  )
})

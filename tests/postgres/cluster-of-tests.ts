import { afterAll, beforeAll } from 'vitest'
import { type RunningPostgres, startPostgres } from './start-postgres.ts'

/** A cluster for the tests around this: it runs from before the first of them until after the last. */
export function clusterOfTests(): RunningPostgres {
  let started: RunningPostgres | undefined
  const running = (): RunningPostgres => {
    if (!started) throw new Error('PostgreSQL runs from the first test to the last, and was found: where is it?')
    return started
  }
  beforeAll(async () => {
    started = await startPostgres()
  }, 60_000)
  afterAll(async () => started?.stop())
  return {
    get port() {
      return running().port
    },
    get url() {
      return running().url
    },
    createDatabase: () => running().createDatabase(),
    log: () => running().log(),
    restart: (mode) => running().restart(mode),
    stop: () => running().stop(),
    [Symbol.asyncDispose]: () => running().stop(),
  }
}

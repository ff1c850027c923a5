import { PGlite } from '@electric-sql/pglite'
import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bindDrizzle } from '../../packages/server/src/db/bound-drizzle.ts'
import { openNodePostgres } from '../../packages/server/src/db/node-postgres.ts'
import { openDatabase } from '../../packages/server/src/db/open-database.ts'
import { openPgliteInMemory } from '../../packages/server/src/db/pglite/open-pglite.ts'
import { openPostgresJs } from '../../packages/server/src/db/postgres-js.ts'
import { describeWith } from '../require-service.ts'
import { boundDrizzleSuite, CREATE, SAMPLE, samples } from './bound-drizzle.suite.ts'
import { findPostgres, type RunningPostgres, startPostgres } from './start-postgres.ts'

const logger = { info: () => undefined, warn: () => undefined, error: () => undefined }

describe('Drizzle over PGlite in its worker', () => boundDrizzleSuite(() => openPgliteInMemory(logger)))

describe('Drizzle over a PGlite of the user', () =>
  boundDrizzleSuite(async () => await openDatabase(await PGlite.create(), { logger })))

describeWith('PostgreSQL', await findPostgres(), () => {
  let cluster: RunningPostgres | undefined
  const url = async () => (await cluster?.createDatabase()) ?? ''

  beforeAll(async () => {
    cluster = await startPostgres()
  }, 60_000)
  afterAll(() => cluster?.stop())

  describe('Drizzle over postgres.js', () => boundDrizzleSuite(async () => openPostgresJs(await url(), { logger })))
  describe('Drizzle over node-postgres', () =>
    boundDrizzleSuite(async () => openNodePostgres({ connectionString: await url() }, { logger })))

  it('gives what Drizzle gives by itself over node-postgres', async () => {
    const connectionString = await url()
    const pool = new pg.Pool({ connectionString, max: 1 })
    const ours = openPostgresJs(connectionString, { logger })
    try {
      await ours.script(CREATE)
      const [own, bound] = [drizzle(pool), bindDrizzle({ samples }, undefined)(ours)]
      await own.insert(samples).values([SAMPLE, {}, { double: Number.NaN, single: Number.POSITIVE_INFINITY }])
      await bound.insert(samples).values(SAMPLE)
      const rows = await own.select().from(samples).orderBy(samples.id)
      expect(await bound.select().from(samples).orderBy(samples.id)).toEqual(rows)
      expect({ ...rows[3], id: 1 }).toEqual(rows[0])
      // Its times are dates there, since only Drizzle's own queries leave them as text.
      const raw =
        'select small, big, exact, double, yes, facts, bytes, wholes, grid, flags, lines, objects from samples'
      expect(await bound.execute(raw)).toEqual((await own.execute(raw)).rows)
    } finally {
      await ours.close()
      await pool.end()
    }
  })
})

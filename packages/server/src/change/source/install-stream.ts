import type { Database, Runner } from '../../db/database.ts'
import { retryConflicts } from '../../db/retry-conflicts.ts'
import type { Entity } from '../../entity/entity.ts'
import { STREAM_SCHEMA, STREAM_VERSION, triggersOn } from './stream-schema.ts'

/** Any number, as long as it is always this one. */
const INSTALL_LOCK = '6073270419'

/** To set up takes the time that it takes, and waits for those who write. */
const PATIENT = `select set_config('statement_timeout', '0', true), set_config('lock_timeout', '60s', true)`

// By the catalog itself: `to_regnamespace` may remember from before the lock was waited for.
const VERSION_THERE = `
  select substring(obj_description(n.oid, 'pg_namespace') from 'version (\\d+)') from pg_namespace n where n.nspname = 'mqttspec'`

const TRIGGERED = `
  select n.nspname || '.' || c.relname from pg_trigger g
    join pg_class c on c.oid = g.tgrelid join pg_namespace n on n.oid = c.relnamespace
  where g.tgname = 'mqttspec_capture' and not g.tgisinternal`

const IS_PARTITIONED = `select (relkind = 'p')::text from pg_class where oid = $1::regclass`

/** Is the stream's own schema there, as this version needs it or a later one has made it? */
async function hasSchema(database: Runner): Promise<boolean> {
  const [row] = await database.run({ text: VERSION_THERE, params: [] })
  return Number(row?.[0] ?? 0) >= STREAM_VERSION
}

/** Is the stream set up for these entities? */
export async function isInstalled(database: Database, entities: readonly Entity[]): Promise<boolean> {
  return (await hasSchema(database)) && (await missingTriggers(database, entities)).length === 0
}

/** The tables of these entities that have no trigger yet. */
export async function missingTriggers(database: Runner, entities: readonly Entity[]): Promise<readonly Entity[]> {
  const triggered = new Set((await database.run({ text: TRIGGERED, params: [] })).map(([name]) => name))
  const missing = entities.filter(({ tableName }) => !triggered.has(tableName))
  return [...new Map(missing.map((entity) => [entity.tableName, entity])).values()]
}

/** Sets the change stream up for these entities. It can run again, and on several servers at once. */
export async function installStream(database: Database, entities: readonly Entity[]): Promise<void> {
  if (await isInstalled(database, entities)) return
  // Who writes meanwhile may hold what is altered here, and want what was: then Postgres ends one of both.
  await retryConflicts(() =>
    database.transaction(async (transaction) => {
      const run = (text: string) => transaction.run({ text, params: [] })
      await run(PATIENT)
      await run(`select pg_advisory_xact_lock(${INSTALL_LOCK})::text`)
      if (!(await hasSchema(transaction))) for (const text of STREAM_SCHEMA) await run(text)
      for (const { sqlName } of await missingTriggers(transaction, entities)) {
        const [row] = await transaction.run({ text: IS_PARTITIONED, params: [sqlName] })
        for (const text of triggersOn(sqlName, row?.[0] === 'true')) await run(text)
      }
    }),
  )
}

/** Takes everything of the change stream out of the database, with the triggers on every table. It can run again. */
export async function uninstallStream(database: Database): Promise<void> {
  await database.transaction(async (transaction) => {
    await transaction.run({ text: PATIENT, params: [] })
    await transaction.run({ text: `select pg_advisory_xact_lock(${INSTALL_LOCK})::text`, params: [] })
    // With its function go the triggers that call it.
    await transaction.run({ text: 'drop schema if exists mqttspec cascade', params: [] })
  })
}

import type { Database } from '../../db/database.ts'
import type { Entity } from '../../entity/entity.ts'
import { STREAM_SCHEMA, STREAM_VERSION, triggersOn } from './stream-schema.ts'

/** Any number, as long as it is always this one. */
const INSTALL_LOCK = '6073270419'

const VERSION_THERE = `
  select substring(obj_description(to_regnamespace('mqttspec')::oid, 'pg_namespace') from 'version (\\d+)')`

const TRIGGERED = `
  select n.nspname || '.' || c.relname from pg_trigger g
    join pg_class c on c.oid = g.tgrelid join pg_namespace n on n.oid = c.relnamespace
  where g.tgname = 'mqttspec_capture' and not g.tgisinternal`

/** Is the stream's own schema there, as this version needs it or a later one has made it? */
async function hasSchema(database: Database): Promise<boolean> {
  const [row] = await database.run({ text: VERSION_THERE, params: [] })
  return Number(row?.[0] ?? 0) >= STREAM_VERSION
}

/** Is the stream set up for these entities? */
export async function isInstalled(database: Database, entities: readonly Entity[]): Promise<boolean> {
  return (await hasSchema(database)) && (await missingTriggers(database, entities)).length === 0
}

/** The tables of these entities that have no trigger yet. */
export async function missingTriggers(database: Database, entities: readonly Entity[]): Promise<readonly Entity[]> {
  const triggered = new Set((await database.run({ text: TRIGGERED, params: [] })).map(([name]) => name))
  const missing = entities.filter(({ tableName }) => !triggered.has(tableName))
  return [...new Map(missing.map((entity) => [entity.tableName, entity])).values()]
}

/** Sets the change stream up for these entities. It can run again, and on several servers at once. */
export async function installStream(database: Database, entities: readonly Entity[]): Promise<void> {
  if (await isInstalled(database, entities)) return
  await database.transaction(async (transaction) => {
    const run = (text: string) => transaction.run({ text, params: [] })
    await run(`select pg_advisory_xact_lock(${INSTALL_LOCK})::text`)
    for (const text of STREAM_SCHEMA) await run(text)
    const triggered = new Set((await run(TRIGGERED)).map(([name]) => name))
    const tables = new Map(entities.map(({ tableName, sqlName }) => [tableName, sqlName]))
    for (const [tableName, sqlName] of tables) {
      if (triggered.has(tableName)) continue
      for (const text of triggersOn(sqlName)) await run(text)
    }
  })
}

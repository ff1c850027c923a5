import type { Statement } from '../db/database.ts'

/** Settings of Postgres that hold for one transaction, for its row-level security to go by: names and values. */
export type LocalSettings = readonly (readonly [name: string, value: string])[]

/** Sets them until the end of the transaction in which it runs. Not even a name is text of the statement. */
export function settingsStatement(settings: LocalSettings): Statement {
  const calls = settings.map((_, index) => `set_config($${2 * index + 1}::text, $${2 * index + 2}::text, true)`)
  return { text: `select ${calls.join(', ')}`, params: settings.flat() }
}

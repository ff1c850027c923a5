import type { Runner } from '../database.ts'

/** After how many statements upkeep is looked at. Looking costs about as much as one statement. */
export const UPKEEP_EVERY = 500

/** WAL written since the last checkpoint that makes the next one due. */
const CHECKPOINT_AFTER_BYTES = 16 * 1024 * 1024

/** Tables with enough dead or changed rows, as autovacuum would choose them. */
const WORN_TABLES = `
  select format('%I.%I', schemaname, relname) from pg_stat_user_tables
  where n_dead_tup > 500 + 0.2 * n_live_tup or n_mod_since_analyze > 500 + 0.1 * n_live_tup`

/**
 * Does for PGlite what Postgres's background processes do, which a single-user backend has not: without checkpoints
 * its WAL is never reused (in memory: never freed), without vacuum every update leaves a dead row for good, and
 * without analyze the planner knows nothing.
 */
export async function keepUp(session: Runner): Promise<void> {
  const [wal] = await session.run({
    text: 'select pg_wal_lsn_diff(pg_current_wal_lsn(), redo_lsn)::text from pg_control_checkpoint()',
    params: [],
  })
  if (Number(wal?.[0]) > CHECKPOINT_AFTER_BYTES) await session.run({ text: 'checkpoint', params: [] })
  for (const [table] of await session.run({ text: WORN_TABLES, params: [] })) {
    await session.run({ text: `vacuum (analyze) ${table}`, params: [] })
  }
}

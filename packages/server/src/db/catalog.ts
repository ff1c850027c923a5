import { decodeJson } from '@mqttspec/protocol'
import type { Runner } from './database.ts'

/** What the database itself knows of a column. */
export interface CatalogColumn {
  readonly unique: boolean
  readonly indexed: boolean
  /** `C`: compared byte by byte, as memory can; `other`: by rules of a locale. */
  readonly collation: 'C' | 'other'
  /** How its letters lose their case. */
  readonly folding: 'ascii' | 'unicode'
}

/** What the database itself knows of a table. */
export interface CatalogTable {
  readonly columns: ReadonlyMap<string, CatalogColumn>
  /** Names of constraints and unique indexes, each with the columns that it is about. */
  readonly constraints: ReadonlyMap<string, readonly string[]>
  /** The columns of each unique index over whole rows: what `on conflict` can name. */
  readonly uniques: readonly (readonly string[])[]
  readonly foreignKeys: readonly CatalogForeignKey[]
}

/** A foreign key: its columns and those that they refer to, pair by pair, and the table of these. */
export interface CatalogForeignKey {
  readonly constraint: string
  readonly local: readonly string[]
  readonly foreign: readonly string[]
  readonly tableName: string
}

/** Tables by `schema.name`. */
export type Catalog = ReadonlyMap<string, CatalogTable>

interface Growing {
  readonly columns: Map<string, CatalogColumn>
  readonly constraints: Map<string, string[]>
  readonly uniques: string[][]
  readonly foreignKeys: CatalogForeignKey[]
}

// The provider and, since Postgres 17, the builtin locale are read as JSON: older versions have no such columns.
// C.UTF-8 sorts by code point, as C does, but folds more than A to Z.
const COLUMNS = `
  select n.nspname || '.' || c.relname,
    a.attname,
    (exists (select from pg_index i where i.indrelid = c.oid and i.indisunique and i.indpred is null
      and i.indnkeyatts = 1 and i.indkey[0] = a.attnum))::text,
    (exists (select from pg_index i where i.indrelid = c.oid and a.attnum = any(i.indkey)))::text,
    (case when l.collname is null then true
      when l.collname <> 'default' then l.collname in ('C', 'POSIX', 'ucs_basic', 'C.utf8', 'C.UTF-8', 'pg_c_utf8')
      else coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') in ('c', 'b')
        and d.datcollate in ('C', 'POSIX', 'C.UTF-8', 'C.utf8') end)::text,
    (case when l.collname is null then true
      when l.collname <> 'default' then l.collname in ('C', 'POSIX')
      else coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') = 'c' and d.datctype in ('C', 'POSIX') end)::text
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_database d on d.datname = current_database()
  left join pg_collation l on l.oid = a.attcollation
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname || '.' || c.relname = any($1::text::text[])`

const CONSTRAINTS = `
  select n.nspname || '.' || c.relname, k.conname, to_json(array(
      select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum = any(k.conkey)))::text, 'false'
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
  where n.nspname || '.' || c.relname = any($1::text::text[])
  union all
  select n.nspname || '.' || c.relname, x.relname, to_json(array(
      select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum = any(i.indkey)))::text,
    (i.indpred is null and i.indexprs is null and i.indimmediate)::text
  from pg_index i join pg_class c on c.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace
  where i.indisunique and n.nspname || '.' || c.relname = any($1::text::text[])`

const FOREIGN_KEYS = `
  select n.nspname || '.' || c.relname, json_build_object('constraint', k.conname,
    'tableName', fn.nspname || '.' || f.relname,
    'local', array(select a.attname from unnest(k.conkey) with ordinality u(num, n)
      join pg_attribute a on a.attrelid = c.oid and a.attnum = u.num order by u.n),
    'foreign', array(select a.attname from unnest(k.confkey) with ordinality u(num, n)
      join pg_attribute a on a.attrelid = f.oid and a.attnum = u.num order by u.n))::text
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_class f on f.oid = k.confrelid join pg_namespace fn on fn.oid = f.relnamespace
  where k.contype = 'f' and n.nspname || '.' || c.relname = any($1::text::text[])`

/** Reads what the database knows of some tables, each named `schema.name`. A table that is not there is left out. */
export async function readCatalog(database: Runner, tables: readonly string[]): Promise<Catalog> {
  const params = [`{${tables.map((table) => `"${table.replace(/["\\]/g, '\\$&')}"`).join(',')}}`]
  const columns = await database.run({ text: COLUMNS, params })
  const constraints = await database.run({ text: CONSTRAINTS, params })
  const foreignKeys = await database.run({ text: FOREIGN_KEYS, params })
  const catalog = new Map<string, Growing>()
  for (const [table, column, unique, indexed, byBytes, ascii] of columns) {
    const known = catalog.get(table ?? '') ?? {
      columns: new Map(),
      constraints: new Map(),
      uniques: [],
      foreignKeys: [],
    }
    catalog.set(table ?? '', known)
    known.columns.set(column ?? '', {
      unique: unique === 'true',
      indexed: indexed === 'true',
      collation: byBytes === 'true' ? 'C' : 'other',
      folding: ascii === 'true' ? 'ascii' : 'unicode',
    })
  }
  for (const [table, name, of, unique] of constraints) {
    const known = catalog.get(table ?? '')
    const names = decodeJson(of ?? '[]') as string[]
    known?.constraints.set(name ?? '', names)
    if (unique === 'true') known?.uniques.push(names)
  }
  for (const [table, key] of foreignKeys) {
    catalog.get(table ?? '')?.foreignKeys.push(decodeJson(key ?? '{}') as CatalogForeignKey)
  }
  return catalog
}

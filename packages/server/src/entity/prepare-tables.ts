import { readCatalog } from '../db/catalog.ts'
import { createMissingTables } from '../db/create-missing-tables.ts'
import type { Database } from '../db/database.ts'
import { runMigrations } from '../db/run-migrations.ts'
import { buildEntity } from './build-entity.ts'
import { checkDeclaration, type SchemaSource } from './check-declaration.ts'
import { computedColumns } from './computed-columns.ts'
import type { EntityDeclaration } from './entity-options.ts'
import { Registry } from './registry.ts'
import { fullTableName } from './table-columns.ts'

/** How the tables come to be. */
export interface TableOptions {
  readonly database?: unknown
  readonly migrations?: string | undefined
  readonly createTables?: boolean | undefined
}

/** Runs migrations and creates tables as the options say, then registers the entities by what the database has. */
export async function prepareTables(
  database: Database,
  source: SchemaSource,
  declarations: readonly EntityDeclaration[],
  options: TableOptions,
): Promise<Registry> {
  if (options.migrations !== undefined) await runMigrations(database, options.migrations)
  const inMemory = options.database === undefined && options.migrations === undefined
  if (options.createTables ?? inMemory) await createMissingTables(database, source.schema, source.casing)
  const tables = declarations.map((declaration) => fullTableName(checkDeclaration(source, declaration)))
  const catalog = await readCatalog(
    database,
    tables.map(({ schema, name }) => `${schema}.${name}`),
  )
  const entities = declarations.map(async (declaration) => {
    const entity = buildEntity(source, declaration, catalog)
    const { computed = {} } = declaration.options
    return { ...entity, computed: await computedColumns(database, entity, computed, source.casing) }
  })
  return new Registry(await Promise.all(entities))
}

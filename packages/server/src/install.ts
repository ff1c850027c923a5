import { installStream, uninstallStream } from './change/source/install-stream.ts'
import { type DatabaseSource, openDatabase } from './db/open-database.ts'
import type { SchemaSource } from './entity/check-declaration.ts'
import type { EntityDeclaration } from './entity/entity-options.ts'
import { prepareTables } from './entity/prepare-tables.ts'
import type { Logger } from './logger.ts'

const SILENT: Logger = { info() {}, warn() {}, error() {} }

/** Sets the change stream up for a spec's tables, which are there, and ends its connections. */
export async function install(
  source: SchemaSource,
  declarations: readonly EntityDeclaration[],
  databaseSource: DatabaseSource,
): Promise<void> {
  const database = await openDatabase(databaseSource, { logger: SILENT })
  try {
    const registry = await prepareTables(database, source, declarations, { database: databaseSource })
    await installStream(database, [...registry.all()])
  } finally {
    await database.close()
  }
}

/**
 * Takes the change stream out of a database: the triggers on every table and the schema `mqttspec`, with all that it
 * remembers. Calling it again is fine. Servers of the database are stopped before, and set up anew after.
 */
export async function uninstall(databaseSource: DatabaseSource): Promise<void> {
  const database = await openDatabase(databaseSource, { logger: SILENT })
  try {
    await uninstallStream(database)
  } finally {
    await database.close()
  }
}

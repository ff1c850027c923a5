import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** A directory that is ready for PGlite to open. */
export interface DataDirectory {
  readonly path: string
  readonly isNew: boolean
  /** To be called when a new database is complete: it may no longer be made again from nothing. */
  completed(): void
}

/** The one true path of a directory, which is made when it is not there: what a lock must be named after. */
export function resolveDirectory(directory: string): string {
  mkdirSync(resolve(directory), { recursive: true })
  return realpathSync(resolve(directory))
}

/**
 * Readies a directory, which the caller has locked. What a crash left of a database that was never complete, as
 * `<path>.creating` says, is removed. Throws for a directory that holds something else.
 */
export function prepareDirectory(path: string): DataDirectory {
  const creating = `${path}.creating`
  if (existsSync(creating)) empty(path)
  const isNew = readdirSync(path).length === 0
  if (!isNew && !existsSync(join(path, 'PG_VERSION'))) {
    throw new Error(`The database directory ${path} holds other files and no database.`)
  }
  if (isNew) writeFileSync(creating, '')
  return { path, isNew, completed: () => rmSync(creating, { force: true }) }
}

function empty(path: string): void {
  for (const entry of readdirSync(path)) rmSync(join(path, entry), { recursive: true, force: true })
}

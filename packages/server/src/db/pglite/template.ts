import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Logger } from '../../logger.ts'

/**
 * The file a new database starts from, for the PGlite that is installed: the one shipped with this package, or one
 * made before, or (in a clone, once, some 4 s) a new one in a cache folder. Resolves with undefined where no folder
 * can be written: PGlite then initialises each database itself.
 */
export async function findTemplate(logger: Logger): Promise<string | undefined> {
  const name = templateName()
  const root = packageRoot()
  const caches = cacheFolders(root)
  const shipped = root === undefined ? [] : [join(root, 'template')]
  for (const folder of [...shipped, ...caches]) {
    if (existsSync(join(folder, name))) return join(folder, name)
  }
  const cache = caches.find(isWritable)
  if (cache === undefined) return undefined
  const file = join(cache, name)
  logger.info({ file }, 'Preparing PGlite for its first start: this happens once and takes a few seconds.')
  await makeTemplate(file)
  return file
}

/** Makes the template in a thread of its own and puts it at `file`, all or nothing. */
export async function makeTemplate(file: string): Promise<void> {
  const worker = new Worker(new URL('./make-template-worker.mjs', import.meta.url), {
    workerData: { file },
    execArgv: [],
  })
  await new Promise<void>((resolve, reject) => {
    worker.on('error', reject)
    worker.on('exit', () => resolve())
  })
}

/** Keyed by version, since a data directory belongs to the Postgres that made it. */
export function templateName(): string {
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite')
  return `pglite-${versionIn(dirname(dirname(entry)))}.tar.br`
}

/** The root of this package, found from `src` and from the bundle alike; undefined when bundled into something else. */
function packageRoot(): string | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) {
      return manifestOf(folder).name === '@mqttspec/server' ? folder : undefined
    }
  }
  return undefined
}

function cacheFolders(root: string | undefined): string[] {
  const ofUser = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const inPackage = root === undefined ? [] : [join(root, 'node_modules', '.cache', 'mqttspec')]
  return [...inPackage, join(ofUser, 'mqttspec')]
}

/** Whether the folder, or the one it would be made in, can be written. */
function isWritable(folder: string): boolean {
  if (!existsSync(folder)) return folder !== dirname(folder) && isWritable(dirname(folder))
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function versionIn(folder: string): string {
  return String(manifestOf(folder).version)
}

function manifestOf(folder: string): { name?: unknown; version?: unknown } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

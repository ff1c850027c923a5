import type { Logger } from '../../logger.ts'
import type { Database } from '../database.ts'
import { PREPARED_SHAPES } from '../prepared-shapes.ts'
import { SessionPool } from '../session-pool.ts'
import { prepareDirectory, resolveDirectory } from './data-directory.ts'
import { lockDirectory } from './directory-lock.ts'
import { PGLITE_START_PARAMS } from './start-params.ts'
import { findTemplate } from './template.ts'
import { keepUp, UPKEEP_EVERY } from './upkeep.ts'
import { openWorkerSession } from './worker-session.ts'

/** How many statements are on their way to the worker at once: enough that it never waits for the next. */
const PIPELINE_DEPTH = 64

/** PGlite in memory: gone with the process. Resolves when it can be used. */
export async function openPgliteInMemory(logger: Logger): Promise<Database> {
  const pool = await poolOver(undefined, await findTemplate(logger), logger)
  return await opened(pool)
}

/**
 * PGlite in a directory, which is made when it is not there. Rejects when another process uses it. What was
 * acknowledged survives a crash of the process, not a power failure: PGlite does not flush to the disk.
 */
export async function openPgliteDirectory(directory: string, logger: Logger): Promise<Database> {
  const path = resolveDirectory(directory)
  const lock = await lockDirectory(path)
  try {
    const { isNew, completed } = prepareDirectory(path)
    const template = isNew ? await findTemplate(logger) : undefined
    const pool = await opened(poolOver(path, template, logger, async () => lock.release()))
    completed()
    return pool
  } catch (error) {
    lock.release()
    throw error
  }
}

function poolOver(
  dataDirectory: string | undefined,
  templateFile: string | undefined,
  logger: Logger,
  afterClose = async (): Promise<void> => undefined,
): SessionPool {
  let template = templateFile
  return new SessionPool({
    kind: 'pglite',
    open: async (lost) => {
      const start = {
        dataDirectory,
        templateFile: template,
        startParams: PGLITE_START_PARAMS,
        preparedShapes: PREPARED_SHAPES,
      }
      const session = await openWorkerSession(start, lost)
      if (dataDirectory !== undefined) template = undefined // a worker that replaces this one finds the data there
      return session
    },
    maxSessions: 1,
    pipelineDepth: PIPELINE_DEPTH,
    silenceMs: Number.POSITIVE_INFINITY,
    reopens: dataDirectory !== undefined,
    logger,
    upkeep: keepUp,
    upkeepEvery: UPKEEP_EVERY,
    afterClose,
  })
}

async function opened(pool: SessionPool): Promise<Database> {
  try {
    await pool.run({ text: "select '1'", params: [] })
    return pool
  } catch (error) {
    await pool.close()
    throw error
  }
}

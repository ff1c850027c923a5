import { findTemplate } from '../packages/server/src/db/pglite/template.ts'

/**
 * Before any test: makes the file that databases start from, where there is none yet. Otherwise the first tests of a
 * fresh clone would each make it, at the same time, and run out of theirs.
 */
export async function setup(): Promise<void> {
  await findTemplate({ info: (_facts, message) => console.log(message), warn: console.warn, error: console.error })
}

// The other side of `worker-session.ts`: PGlite in a thread of its own, since it computes on the thread it lives on.
// A worker's entry cannot be TypeScript under tsx or vitest, so this is plain JavaScript, and it imports nothing of
// this package: the build copies it next to the bundle.
//
// It speaks Postgres's own wire format to PGlite, with prepared statements and one call per statement. That is four
// to five times as fast as `query()`, which makes five calls, and every cell arrives as the text it is.

import { readFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { brotliDecompressSync } from 'node:zlib'
import { PGlite, protocol } from '@electric-sql/pglite'

/**
 * @typedef {{
 *   dataDirectory: string | undefined,
 *   templateFile: string | undefined,
 *   startParams: readonly string[],
 *   preparedShapes: number,
 * }} WorkerStart `templateFile`: a brotli-compressed tar to start an empty database from
 * @typedef {{ id: number, text: string, params: readonly (string | null)[], described?: true }} RunMessage
 * @typedef {{ id: number, script: string }} ScriptMessage
 * @typedef {{ id: number, close: true }} CloseMessage
 */

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort)
const start = /** @type {WorkerStart} */ (workerData)
const { serialize } = protocol

const sync = serialize.sync()
const executeAndSync = Buffer.concat([serialize.execute({}), sync])
const describeExecuteAndSync = Buffer.concat([serialize.describe({ type: 'P' }), executeAndSync])

/** @typedef {{ rows: (string | null)[][], columns: { name: string, type: number }[] }} Exchanged */

/** The `id` of a message that answers no call. */
const BROKEN = -1

/** Statement text → name, the least recently used first. @type {Map<string, string>} */
const prepared = new Map()
let names = 0

/** @type {PGlite} */
let database

/**
 * @param {Uint8Array} message
 * @param {string[]} ends one of these tells that it was carried out
 * @returns {Promise<Exchanged>} the rows of every result in it, and the columns where they were asked for
 */
async function exchange(message, ends = ['commandComplete']) {
  const answers = await database.execProtocolStream(message, { syncToFs: false }).catch(broken)
  /** @type {(string | null)[][]} */
  const rows = []
  /** @type {Exchanged['columns']} */
  let columns = []
  let complete = false
  for (const answer of answers) {
    if (answer.name === 'dataRow')
      rows.push(/** @type {{ fields: (string | null)[] }} */ (/** @type {unknown} */ (answer)).fields)
    else if (answer.name === 'rowDescription') columns = columnsOf(answer)
    else if (ends.includes(answer.name)) complete = true
  }
  return complete ? { rows, columns } : broken(new Error('PGlite gave no answer.'))
}

/** @param {unknown} description @returns {Exchanged['columns']} */
function columnsOf(description) {
  const { fields } = /** @type {{ fields: { name: string, dataTypeID: number }[] }} */ (description)
  return fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }))
}

/**
 * PGlite swallows what JavaScript throws inside of Postgres, such as an overflow of the native stack; the message is
 * then not answered, and nobody knows what state the backend is in. No data is safe with it: the thread ends, and the
 * main side learns that the session is lost.
 *
 * @param {unknown} error
 * @returns {never}
 */
function broken(error) {
  if (error instanceof protocol.messages.DatabaseError) throw error
  port.postMessage({ id: BROKEN, error: plain(error) })
  process.exit(1)
}

/**
 * @param {RunMessage} message
 * @returns {Promise<Exchanged>}
 */
async function run(message) {
  const wasPrepared = prepared.has(message.text)
  try {
    return await execute(message)
  } catch (error) {
    if (!wasPrepared || database.isInTransaction() || !isStale(error)) throw error
    return await execute(message)
  }
}

/**
 * Whether the statement is prepared no more, or its tables have changed since: it was not carried out.
 *
 * @param {unknown} error
 */
function isStale(error) {
  const { routine } = /** @type {{ routine?: unknown }} */ (error)
  return routine === 'FetchPreparedStatement' || routine === 'RevalidateCachedQuery'
}

/** @param {RunMessage} message */
async function execute({ text, params, described }) {
  const known = prepared.get(text)
  const name = known ?? `mqttspec_${names++}`
  const parts = known ? [] : [...makeRoom(), serialize.parse({ name, text })]
  prepared.delete(text)
  try {
    const bind = serialize.bind({ statement: name, values: [...params] })
    const execution = described ? describeExecuteAndSync : executeAndSync
    const exchanged = await exchange(Buffer.concat([...parts, bind, execution]))
    prepared.set(text, name)
    return exchanged
  } catch (error) {
    // Whether it failed before or after it was prepared is not worth knowing: a new name is always right.
    await exchange(Buffer.concat([serialize.close({ type: 'S', name }), sync]), ['closeComplete'])
    throw error
  }
}

/** @returns {Uint8Array[]} the messages that make room for one more prepared statement */
function makeRoom() {
  for (const [text, name] of prepared) {
    if (prepared.size < start.preparedShapes) break
    prepared.delete(text)
    return [serialize.close({ type: 'S', name })]
  }
  return []
}

/** @param {string} sql */
async function script(sql) {
  try {
    await exchange(serialize.query(sql), ['commandComplete', 'emptyQuery'])
  } finally {
    if (database.isInTransaction()) await exchange(serialize.query('rollback'))
  }
}

/** @param {RunMessage | ScriptMessage | CloseMessage} message */
async function answer(message) {
  if ('text' in message) {
    const { rows, columns } = await run(message)
    return message.described ? { rows, columns } : { rows }
  }
  if ('script' in message) await script(message.script)
  else await database.close()
  return { rows: [] }
}

/** @param {unknown} error @returns {object} what survives the way to the other thread */
function plain(error) {
  if (!(error instanceof Error)) return { message: String(error) }
  const { code, severity, schema, table, column, constraint } = /** @type {Record<string, unknown>} */ (
    /** @type {unknown} */ (error)
  )
  return { message: error.message, stack: error.stack, code, severity, schema, table, column, constraint }
}

async function open() {
  const { dataDirectory, templateFile, startParams } = start
  const template = templateFile && brotliDecompressSync(readFileSync(templateFile))
  database = await PGlite.create({
    ...(dataDirectory === undefined ? {} : { dataDir: dataDirectory }),
    ...(template ? { loadDataDir: new Blob([template]) } : {}),
    startParams: [...PGlite.defaultStartParams, ...startParams],
  })
}

let tail = open().then(
  () => port.postMessage({ id: 0 }),
  (error) => {
    port.postMessage({ id: 0, error: plain(error) })
    port.close()
  },
)

port.on('message', (message) => {
  tail = tail.then(async () => {
    try {
      port.postMessage({ id: message.id, ...(await answer(message)) })
    } catch (error) {
      port.postMessage({ id: message.id, error: plain(error) })
    }
    if ('close' in message) port.close()
  })
})

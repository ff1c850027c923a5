import { Worker } from 'node:worker_threads'
import type { Cells, ResultColumn, Statement } from '../database.ts'
import { DatabaseError } from '../database-error.ts'
import { toDatabaseError, toOpenError } from '../postgres-error.ts'
import { beginBySql, type Lost, type Session, type SessionTransaction } from '../session.ts'

/** What the worker is started with; the other side is `pglite-worker.mjs`. */
export interface WorkerStart {
  /** undefined for a database in memory. */
  readonly dataDirectory: string | undefined
  /** A brotli-compressed tar to start an empty database from, or undefined to let PGlite initialise one. */
  readonly templateFile: string | undefined
  /** Added to PGlite's own. */
  readonly startParams: readonly string[]
  readonly preparedShapes: number
}

/**
 * Stack for the thread. Postgres's own limit must strike first (`max_stack_depth`), and a frame of WebAssembly takes
 * many times of it here: below 128 MB a deeply nested value overflowed. It is address space; what is not used costs
 * nothing.
 */
const STACK_MB = 256

interface Answer {
  readonly id: number
  readonly rows?: readonly Cells[]
  readonly columns?: readonly ResultColumn[]
  readonly error?: object
}

interface Call {
  readonly describe?: Statement['describe']
  resolve(rows: readonly Cells[]): void
  reject(error: DatabaseError): void
}

type Message = Omit<Statement, 'describe'> | { readonly script: string } | { readonly close: true }

/** The id of the answer that says whether the database could be opened. */
const OPENED = 0
/** The id of the message with which a worker gives up. */
const BROKEN = -1

/** How long a worker may take to write its database down before it is stopped. */
const CLOSE_WITHIN_MS = 5_000

/** Opens PGlite in a worker thread: a long statement then blocks its own thread, not the one that serves clients. */
export async function openWorkerSession(start: WorkerStart, lost: Lost, stackSizeMb = STACK_MB): Promise<Session> {
  const session = new WorkerSession(start, lost, stackSizeMb)
  await session.opened
  return session
}

class WorkerSession implements Session {
  /** PGlite forgets the least used prepared statement by itself, and its scripts are ours. */
  readonly worn = false
  readonly opened: Promise<unknown>
  readonly #worker: Worker
  readonly #lost: Lost
  readonly #exited: Promise<void>
  readonly #calls = new Map<number, Call>()
  #lastId = OPENED

  constructor(start: WorkerStart, lost: Lost, stackSizeMb: number) {
    // The same relative path in `src` and in the bundle: the build copies the worker next to it.
    const entry = new URL('./pglite-worker.mjs', import.meta.url)
    this.#worker = new Worker(entry, {
      name: 'mqttspec-pglite',
      workerData: start,
      execArgv: [],
      resourceLimits: { stackSizeMb },
    })
    this.opened = new Promise((resolve, reject) => {
      this.#calls.set(OPENED, { resolve, reject: (error) => reject(toOpenError(error.cause ?? error)) })
    })
    this.#worker.on('message', (answer: Answer) => this.#answered(answer))
    this.#lost = lost
    this.#worker.on('error', (error) => this.#end(error))
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#end()
        resolve()
      })
    })
  }

  run({ describe, ...statement }: Statement): Promise<readonly Cells[]> {
    return describe ? this.#ask({ ...statement, described: true }, describe) : this.#ask(statement)
  }

  async script(sql: string): Promise<void> {
    await this.#ask({ script: sql })
  }

  begin(): Promise<SessionTransaction> {
    return beginBySql(this)
  }

  async close(): Promise<void> {
    const timer = setTimeout(() => void this.#worker.terminate(), CLOSE_WITHIN_MS)
    this.#worker.postMessage({ id: ++this.#lastId, close: true })
    await this.#exited
    clearTimeout(timer)
  }

  #ask(message: Message & { readonly described?: true }, describe?: Statement['describe']): Promise<readonly Cells[]> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId
      this.#calls.set(id, { resolve, reject, describe })
      this.#worker.postMessage({ id, ...message })
    })
  }

  #answered({ id, rows, columns, error }: Answer): void {
    if (id === BROKEN) {
      this.#end(error)
      return
    }
    const call = this.#calls.get(id)
    this.#calls.delete(id)
    if (columns) call?.describe?.(columns)
    if (error) call?.reject(toDatabaseError(error))
    else call?.resolve(rows ?? [])
  }

  #end(cause?: unknown): void {
    const reason = new DatabaseError('The PGlite worker has ended.', { connectionLost: true }, cause)
    for (const call of this.#calls.values()) call.reject(reason)
    this.#calls.clear()
    this.#lost(reason)
  }
}

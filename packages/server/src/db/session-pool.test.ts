import { describe, expect, it, vi } from 'vitest'
import { DatabaseError } from './database-error.ts'
import { type FakeSession, fakeSessions, turn } from './fake-session.ts'
import { SessionPool, type SessionPoolOptions } from './session-pool.ts'

const statement = (text: string) => ({ text, params: [] })

/** Some pool over fake sessions, and the log it writes. */
function poolOf({ failures = [], ...options }: Partial<SessionPoolOptions> & { failures?: unknown[] }) {
  const { opened, open } = fakeSessions(failures)
  const log: string[] = []
  const write = (_facts: object, message: string) => void log.push(message)
  const pool = new SessionPool({
    kind: 'pglite',
    open,
    maxSessions: 1,
    pipelineDepth: 2,
    silenceMs: Number.POSITIVE_INFINITY,
    reopens: true,
    logger: { info: write, warn: write, error: write },
    ...options,
  })
  const session = (index = 0): FakeSession => {
    const found = opened[index]
    if (!found) throw new Error(`session ${index} was not opened`)
    return found
  }
  return { pool, opened, session, log }
}

/** What a promise has come to, without waiting for it. */
function outcomeOf(promise: Promise<unknown>): { is: string } {
  const outcome = { is: 'pending' }
  promise.then(
    () => {
      outcome.is = 'resolved'
    },
    (error: Error) => {
      outcome.is = error.message
    },
  )
  return outcome
}

describe('the order of statements', () => {
  it('sends single statements at once, in order, up to the depth of the pipeline', async () => {
    const { pool, session } = poolOf({ pipelineDepth: 2 })
    void ['a', 'b', 'c'].map((text) => pool.run(statement(text)))
    await turn()
    expect(session().sent).toEqual(['a', 'b'])
    await session().answer()
    expect(session().sent).toEqual(['a', 'b', 'c'])
  })

  it('gives a transaction the session to itself, and later calls wait their turn behind it', async () => {
    const { pool, session } = poolOf({})
    void pool.run(statement('before'))
    void pool.transaction(async (transaction) => {
      await transaction.run(statement('inside'))
    })
    void pool.run(statement('after'))
    await turn()
    expect(session().sent).toEqual(['before'])
    for (let step = 0; step < 4; step++) await session().answer()
    expect(session().sent).toEqual(['before', 'begin', 'inside', 'commit', 'after'])
  })

  it('puts nothing behind a statement while another session is being opened', async () => {
    const { pool, session } = poolOf({ maxSessions: 3, pipelineDepth: 8 })
    void pool.run(statement('slow'))
    await turn()
    void ['a', 'b', 'c', 'd'].map((text) => pool.run(statement(text)))
    await turn()
    expect([session(1).sent[0], session(2).sent[0]]).toEqual(['a', 'b'])
  })

  it('opens another session for a call when all are busy, and no more than it may', async () => {
    const { pool, opened } = poolOf({ maxSessions: 2, pipelineDepth: 2 })
    void ['a', 'b', 'c', 'd', 'e'].map((text) => pool.run(statement(text)))
    await turn()
    expect(opened.map(({ sent }) => sent.length)).toEqual([2, 2])
  })

  it('uses an idle session before it opens another', async () => {
    const { pool, opened, session } = poolOf({ maxSessions: 2 })
    void pool.run(statement('a'))
    await turn()
    await session().answer()
    void pool.run(statement('b'))
    await turn()
    expect(opened.length).toBe(1)
  })
})

describe('a transaction', () => {
  it('rolls back and rethrows when its body rejects', async () => {
    const { pool, session } = poolOf({})
    const outcome = outcomeOf(pool.transaction(() => Promise.reject(new Error('no'))))
    await turn()
    await session().answer()
    expect(session().sent).toEqual(['begin', 'rollback'])
    await session().answer()
    expect(outcome.is).toBe('no')
  })

  it('refuses a statement that comes after its end', async () => {
    const { pool, session } = poolOf({})
    let late: (() => Promise<unknown>) | undefined
    void pool.transaction(async (transaction) => {
      late = () => transaction.run(statement('late'))
    })
    await turn()
    await session().answer(2)
    await session().answer()
    await expect(late?.()).rejects.toThrow('has ended')
    expect(session().sent).toEqual(['begin', 'commit'])
  })

  it('waits for the statements its body did not wait for before it commits', async () => {
    const { pool, session } = poolOf({})
    void pool.transaction(async (transaction) => {
      void transaction.run(statement('stray'))
    })
    await turn()
    await session().answer()
    expect(session().sent).toEqual(['begin', 'stray'])
    await session().answer()
    expect(session().sent).toEqual(['begin', 'stray', 'commit'])
  })

  it('does not commit when a statement failed and its body hid it', async () => {
    const { pool, session } = poolOf({})
    const failure = new DatabaseError('duplicate', { sqlState: '23505' })
    const outcome = outcomeOf(
      pool.transaction(async (transaction) => {
        await transaction.run(statement('insert')).catch(() => undefined)
      }),
    )
    await turn()
    await session().answer()
    await session().fail(failure)
    await session().fail(new DatabaseError('aborted', { sqlState: '25P02' }))
    await session().answer()
    expect(session().sent).not.toContain('commit')
    expect(session().sent.at(-1)).toBe('rollback')
    expect(outcome.is).toBe('duplicate')
  })

  it('commits after a failure that a savepoint has mended', async () => {
    const { pool, session } = poolOf({})
    const outcome = outcomeOf(
      pool.transaction(async (transaction) => {
        await transaction.run(statement('insert')).catch(() => undefined)
      }),
    )
    await turn()
    await session().answer()
    await session().fail(new DatabaseError('duplicate', { sqlState: '23505' }))
    await session().answer()
    await session().answer()
    expect(session().sent).toEqual(['begin', 'insert', 'select 1', 'commit'])
    expect(outcome.is).toBe('resolved')
  })

  it('gives up a session whose rollback fails', async () => {
    const { pool, session } = poolOf({})
    const outcome = outcomeOf(pool.transaction(() => Promise.reject(new Error('no'))))
    await turn()
    await session().answer()
    await session().fail(new DatabaseError('odd', { sqlState: 'XX000' }))
    expect(outcome.is).toBe('no')
    expect(session().closed).toBe(true)
  })
})

describe('a lost session', () => {
  it('rejects each pending call, and sends nothing more of its transaction', async () => {
    const { pool, session } = poolOf({ maxSessions: 2 })
    const single = outcomeOf(pool.run(statement('single')))
    const hung = outcomeOf(pool.transaction(() => new Promise(() => undefined)))
    await turn()
    await session(1).answer()
    session(0).cut()
    session(1).cut()
    await turn()
    expect([single.is, hung.is]).toEqual(['cut', 'cut'])
    expect(session(1).sent).toEqual(['begin'])
  })

  it('is replaced when a call needs it, and the loss and the return are logged once', async () => {
    const { pool, session, log } = poolOf({})
    void pool.run(statement('a')).catch(() => undefined)
    await turn()
    session(0).cut()
    const again = outcomeOf(pool.run(statement('b')))
    await turn()
    await session(1).answer()
    expect(again.is).toBe('resolved')
    expect(session(0).closed).toBe(true)
    expect(log).toEqual(['The connection to the database was lost.', 'The database can be reached again.'])
  })

  it('takes the database along where the data was in it', async () => {
    const { pool, session, opened } = poolOf({ reopens: false })
    void pool.run(statement('a')).catch(() => undefined)
    await turn()
    session().cut()
    await expect(pool.run(statement('b'))).rejects.toThrow('cut')
    expect(opened.length).toBe(1)
  })

  it('is what a session counts as that stays silent', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const { pool, session } = poolOf({ silenceMs: 1_000 })
      const outcome = outcomeOf(pool.run(statement('a')))
      await turn()
      vi.advanceTimersByTime(1_000)
      await turn()
      expect(outcome.is).toContain('has not answered for 1000 ms')
      expect(session().closed).toBe(true)
    } finally {
      vi.useRealTimers()
    }
  })

  it('is also one that an error says has lost its connection', async () => {
    const { pool, session } = poolOf({})
    void pool.run(statement('a')).catch(() => undefined)
    await turn()
    await session().fail(new DatabaseError('terminated', { sqlState: '57P01', connectionLost: true }))
    expect(session().closed).toBe(true)
  })
})

describe('opening', () => {
  const refused = () => new DatabaseError('refused', { connectionLost: true })

  it('rejects every waiting call when no session can be opened, and tries again for the next', async () => {
    const { pool, opened, session } = poolOf({ failures: [refused()] })
    const waiting = ['a', 'b'].map((text) => outcomeOf(pool.run(statement(text))))
    await turn()
    expect(waiting.map(({ is }) => is)).toEqual(['refused', 'refused'])
    const next = outcomeOf(pool.run(statement('c')))
    await turn()
    expect(opened.length).toBe(1)
    await session().answer()
    expect(next.is).toBe('resolved')
  })

  it('lets calls wait for the sessions there are when another cannot be opened', async () => {
    const failures: unknown[] = []
    const { pool, session } = poolOf({ maxSessions: 2, pipelineDepth: 1, failures })
    void pool.run(statement('a'))
    await turn()
    failures.push(refused())
    const waiting = outcomeOf(pool.run(statement('b')))
    await turn()
    expect(waiting.is).toBe('pending')
    await session().answer()
    await session().answer()
    expect(waiting.is).toBe('resolved')
  })
})

describe('closing', () => {
  it('rejects what waits, what runs and what comes, and is the same twice', async () => {
    const afterClose = vi.fn(async () => undefined)
    const { pool, session } = poolOf({ afterClose })
    const hung = outcomeOf(pool.transaction(() => new Promise(() => undefined)))
    const queued = outcomeOf(pool.run(statement('queued')))
    await turn()
    await session().answer()
    await Promise.all([pool.close(), pool.close()])
    await turn()
    expect([hung.is, queued.is]).toEqual(['The database is closed.', 'The database is closed.'])
    await expect(pool.run(statement('later'))).rejects.toMatchObject({ connectionLost: true })
    expect(session().closed).toBe(true)
    expect(afterClose).toHaveBeenCalledTimes(1)
  })

  it('waits for a session that is being opened, and closes it', async () => {
    const { pool, session } = poolOf({})
    const waiting = outcomeOf(pool.run(statement('a')))
    await pool.close()
    expect(waiting.is).toBe('The database is closed.')
    expect(session().closed).toBe(true)
  })
})

describe('a worn session', () => {
  it('is replaced once it is idle, without a word in the log', async () => {
    const { pool, opened, session, log } = poolOf({})
    void pool.run(statement('a'))
    await turn()
    session().worn = true
    await session().answer()
    expect(session().closed).toBe(true)
    void pool.run(statement('b'))
    await turn()
    expect(opened.length).toBe(2)
    expect(log).toEqual([])
  })
})

describe('upkeep', () => {
  it('runs alone on the session when it is due, and its failure is logged', async () => {
    const upkeep = vi.fn(async () => {
      throw new Error('no vacuum')
    })
    const { pool, session, log } = poolOf({ upkeep, upkeepEvery: 2 })
    for (const text of ['a', 'b']) {
      void pool.run(statement(text))
      await turn()
      await session().answer()
    }
    expect(upkeep).toHaveBeenCalledTimes(1)
    expect(log).toEqual(['The upkeep of the database failed.'])
  })
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { drizzle as drizzleNodePostgres } from 'drizzle-orm/node-postgres'
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite'
import { drizzle as drizzlePostgresJs } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { describe, expect, it } from 'vitest'
import { recogniseClient } from './drizzle-client.ts'
import { type DatabaseSource, openDatabase } from './open-database.ts'

function logged(): {
  logger: Record<'info' | 'warn' | 'error', (facts: object, message: string) => void>
  lines: string[]
} {
  const lines: string[] = []
  const write = (_facts: object, message: string): void => void lines.push(message)
  return { logger: { info: write, warn: write, error: write }, lines }
}

const one = { text: "select '1'", params: [] }

describe('what a database may be', () => {
  it('is PGlite in memory when nothing is said', async () => {
    const database = await openDatabase(undefined, logged())
    expect(database.kind).toBe('pglite')
    expect(await database.run(one)).toEqual([['1']])
    await database.close()
  })

  it('is PGlite in a directory for a URL that names one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mqttspec-open-'))
    const database = await openDatabase(`pglite:${join(folder, 'data')}`, logged())
    expect(await database.run(one)).toEqual([['1']])
    await database.close()
    rmSync(folder, { recursive: true })
  })

  it('is a server for a postgres URL, which is not connected to before it is needed', async () => {
    for (const scheme of ['postgres', 'postgresql']) {
      const database = await openDatabase(`${scheme}://user:secret@127.0.0.1:1/data`, logged())
      expect(database.kind).toBe('postgres')
      await expect(database.run(one)).rejects.toMatchObject({ connectionLost: true })
      await database.close()
    }
  })

  it.each([['mysql://root@localhost/x'], ['./data'], ['']])(
    'is refused for the text %j, with what is accepted',
    async (source) => {
      await expect(openDatabase(source, logged())).rejects.toThrow('Accepted are')
    },
  )

  it('is refused for another object, with what is accepted', async () => {
    for (const source of [{}, { $client: {} }, new Map()]) {
      await expect(openDatabase(source as unknown as DatabaseSource, logged())).rejects.toThrow('Accepted are')
    }
  })

  it('is refused without its password for a URL that cannot be read', async () => {
    const failure = await openDatabase('postgres://user:secret@host:notaport/x', logged()).catch(
      (error: Error) => error,
    )
    expect(failure).toBeInstanceOf(Error)
    expect(JSON.stringify([String(failure), failure])).not.toContain('secret')
  })

  it('needs a directory after `pglite:`', async () => {
    await expect(openDatabase('pglite:', logged())).rejects.toThrow('names no directory')
  })
})

describe('a PGlite of the user', () => {
  it('is used where it lives, with a warning, and left open', async () => {
    const client = await PGlite.create()
    await client.exec('create table mine (id int); insert into mine values (3)')
    for (const source of [drizzlePglite(client), client]) {
      const { logger, lines } = logged()
      const database = await openDatabase(source, { logger })
      expect(await database.run({ text: 'select id::text from mine', params: [] })).toEqual([['3']])
      expect(lines).toEqual([expect.stringContaining('runs on the thread of the server')])
      await database.close()
    }
    expect((await client.query('select * from mine')).rows).toEqual([{ id: 3 }])
    await client.close()
  }, 30_000)

  it('is rolled back and free again when it is closed in the middle of a transaction', async () => {
    const client = await PGlite.create()
    await client.exec('create table mine (id int)')
    const database = await openDatabase(client, logged())
    let inside = (): void => undefined
    const reached = new Promise<void>((resolve) => {
      inside = resolve
    })
    const hung = database.transaction(async (transaction) => {
      await transaction.run({ text: 'insert into mine values (1)', params: [] })
      inside()
      await new Promise(() => undefined)
    })
    const outcome = expect(hung).rejects.toMatchObject({ connectionLost: true })
    await reached
    await database.close()
    await outcome
    expect((await client.query('select * from mine')).rows).toEqual([])
    await client.close()
  }, 30_000)
})

describe('a Drizzle instance over a server', () => {
  const url = 'postgres://user:secret@db.example:6543/data'

  it('gives the options of postgres.js', () => {
    expect(recogniseClient(drizzlePostgresJs(postgres(url)))).toMatchObject({
      driver: 'postgres',
      target: { host: ['db.example'], port: [6543], user: 'user', pass: 'secret', database: 'data' },
    })
  })

  it('gives the options of a pool or a client of node-postgres, with the password they hide', async () => {
    const { default: pg } = await import('pg')
    const pool = recogniseClient(drizzleNodePostgres(new pg.Pool({ host: 'db.example', password: 'secret' })))
    expect(pool).toMatchObject({ driver: 'node-postgres', target: { host: 'db.example', password: 'secret' } })
    expect(recogniseClient(drizzleNodePostgres(new pg.Pool({ connectionString: url })))).toMatchObject({
      target: { connectionString: url },
    })
    expect(recogniseClient(drizzleNodePostgres(new pg.Client({ connectionString: url })))).toMatchObject({
      target: { host: 'db.example', port: 6543, user: 'user', password: 'secret', database: 'data' },
    })
  })
})

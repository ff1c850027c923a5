import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Database } from '../database.ts'
import { openPgliteDirectory, openPgliteInMemory } from './open-pglite.ts'
import { findTemplate, templateName } from './template.ts'
import { openWorkerSession } from './worker-session.ts'

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

let folder: string
let directory: string
let database: Database | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mqttspec-pglite-'))
  directory = join(folder, 'data')
})
afterEach(async () => {
  await database?.close()
  database = undefined
  rmSync(folder, { recursive: true, force: true })
})

async function one(text: string): Promise<string | null | undefined> {
  const [row] = (await database?.run({ text, params: [] })) ?? []
  return row?.[0]
}

describe('PGlite in memory', () => {
  it('starts from the template of the installed version in under two seconds', async () => {
    expect(await findTemplate(silent)).toContain(templateName())
    const begin = performance.now()
    database = await openPgliteInMemory(silent)
    expect(performance.now() - begin).toBeLessThan(2_000)
  }, 60_000)

  it('computes in a thread of its own, so that this one goes on', async () => {
    database = await openPgliteInMemory(silent)
    let ticks = 0
    const ticking = setInterval(() => {
      ticks += 1
    }, 5)
    const begin = performance.now()
    await one('select count(*)::text from generate_series(1, 2000000)')
    const expected = (performance.now() - begin) / 5
    clearInterval(ticking)
    expect(ticks).toBeGreaterThan(expected / 4)
  })

  it('refuses a value that nests too deep, and lives on', async () => {
    database = await openPgliteInMemory(silent)
    await expect(one(`select (repeat('[', 500000) || repeat(']', 500000))::jsonb::text`)).rejects.toMatchObject({
      sqlState: '54001',
    })
    expect(await one("select 'alive'")).toBe('alive')
  })
})

describe('a worker that PGlite broke', () => {
  it('gives up: the pending call rejects as lost, and its owner is told', async () => {
    const lost = vi.fn()
    const start = {
      dataDirectory: undefined,
      templateFile: await findTemplate(silent),
      startParams: [],
      preparedShapes: 10,
    }
    // With the stack that a thread has by default, PGlite overflows it.
    const session = await openWorkerSession(start, lost, 4)
    await expect(
      session.run({ text: `select (repeat('[', 500000) || repeat(']', 500000))::jsonb::text`, params: [] }),
    ).rejects.toMatchObject({ connectionLost: true })
    expect(lost).toHaveBeenCalled()
    await session.close()
  })
})

describe('PGlite in a directory', () => {
  it('keeps what was written for the next start, and leaves no lock behind', async () => {
    database = await openPgliteDirectory(directory, silent)
    await database.script(`create table kept (id int); insert into kept values (7)`)
    await database.close()
    expect(readdirSync(folder)).toEqual(['data'])
    database = await openPgliteDirectory(directory, silent)
    expect(await one('select id::text from kept')).toBe('7')
  })

  it('is refused while it is open elsewhere, with the pid of who has it', async () => {
    database = await openPgliteDirectory(directory, silent)
    await expect(openPgliteDirectory(directory, silent)).rejects.toThrow(`in use by process ${process.pid}`)
  })

  it('begins again when a crash interrupted its making', async () => {
    database = await openPgliteDirectory(directory, silent)
    await database.close()
    rmSync(join(directory, 'global'), { recursive: true })
    writeFileSync(`${directory}.creating`, '')
    database = await openPgliteDirectory(directory, silent)
    expect(await one("select 'sound'")).toBe('sound')
    expect(existsSync(`${directory}.creating`)).toBe(false)
  })

  it('is not made over files that are something else', async () => {
    directory = folder
    writeFileSync(join(folder, 'letters.txt'), 'dear')
    await expect(openPgliteDirectory(directory, silent)).rejects.toThrow('holds other files')
    expect(existsSync(`${folder}.lock`)).toBe(false)
  })

  it('rejects clearly when the database in it cannot be opened, and gives up its lock', async () => {
    database = await openPgliteDirectory(directory, silent)
    await database.close()
    writeFileSync(join(directory, 'PG_VERSION'), '12\n')
    await expect(openPgliteDirectory(directory, silent)).rejects.toMatchObject({ connectionLost: true })
    expect(existsSync(`${directory}.lock`)).toBe(false)
  })

  it('does not let its WAL and dead rows grow for ever', async () => {
    database = await openPgliteDirectory(directory, silent)
    await database.script(`create table busy (id int primary key, text text);
      insert into busy select i, repeat('x', 200) from generate_series(1, 500) i`)
    const update = { text: `update busy set text = reverse(text) || ''`, params: [] }
    const round = async (): Promise<void> => {
      for (let statement = 0; statement < 1_000; statement++) await database?.run(update)
    }
    await round()
    const bytes = `select ((select sum(size) from pg_ls_waldir()) + pg_total_relation_size('busy'))::text`
    const before = Number(await one(bytes))
    await round()
    await round()
    expect(Number(await one(bytes))).toBeLessThan(before * 1.5)
    expect(before).toBeLessThan(150_000_000)
  }, 120_000)
})

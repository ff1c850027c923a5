import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Database } from '../database.ts'
import { SessionPool } from '../session-pool.ts'
import { openPgliteDirectory, openPgliteInMemory } from './open-pglite.ts'
import { findTemplate, templateName } from './template.ts'
import { openWorkerSession } from './worker-session.ts'

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

const TOO_DEEP = `select (repeat('[', 500000) || repeat(']', 500000))::jsonb::text`

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
  it('starts from the template of the installed version in half the time that PGlite needs by itself', async () => {
    const templateFile = await findTemplate(silent)
    expect(templateFile).toContain(templateName())
    const start = { dataDirectory: undefined, startParams: [], preparedShapes: 10 }
    const timed = async (file: string | undefined): Promise<number> => {
      const begin = performance.now()
      const session = await openWorkerSession({ ...start, templateFile: file }, () => undefined)
      const took = performance.now() - begin
      await session.close()
      return took
    }
    const plainMs = await timed(undefined)
    const templateMs = [await timed(templateFile), await timed(templateFile)]
    expect(Math.min(...templateMs)).toBeLessThan(plainMs / 2)
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
    await expect(one(TOO_DEEP)).rejects.toMatchObject({
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
    await expect(session.run({ text: TOO_DEEP, params: [] })).rejects.toMatchObject({ connectionLost: true })
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

  it('has every acknowledged write after a kill, and takes the lock of the dead process over', async () => {
    const module = new URL('./open-pglite.ts', import.meta.url).href
    const code = `
      import { openPgliteDirectory } from ${JSON.stringify(module)}
      const silent = { info() {}, warn() {}, error() {} }
      const database = await openPgliteDirectory(${JSON.stringify(directory)}, silent)
      await database.script('create table written (id int primary key)')
      for (let id = 1; ; id++) {
        await database.run({ text: 'insert into written values ($1::text::int4)', params: [String(id)] })
        process.stdout.write(id + '\\n')
      }`
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code])
    let acknowledged = ''
    child.stdout.on('data', (bytes) => {
      acknowledged += bytes
      if (acknowledged.length > 2_000) child.kill('SIGKILL')
    })
    await new Promise((resolve) => child.on('close', resolve))
    expect(existsSync(`${directory}.lock`)).toBe(true)
    const last = Number(acknowledged.split('\n').at(-2))
    database = await openPgliteDirectory(directory, silent)
    expect(Number(await one('select count(*)::text from written'))).toBeGreaterThanOrEqual(last)
    expect(await one('select (max(id) - count(*))::text from written')).toBe('0')
  })

  it('is opened again, with its data, after PGlite broke its thread', async () => {
    database = await openPgliteDirectory(directory, silent)
    await database.script('create table kept (id int); insert into kept values (7)')
    await database.close()
    const start = { dataDirectory: directory, templateFile: undefined, startParams: [], preparedShapes: 10 }
    database = new SessionPool({
      kind: 'pglite',
      // With the stack that a thread has by default, PGlite overflows it.
      open: (lost) => openWorkerSession(start, lost, 4),
      maxSessions: 1,
      pipelineDepth: 4,
      silenceMs: Number.POSITIVE_INFINITY,
      reopens: true,
      logger: silent,
    })
    await expect(one(TOO_DEEP)).rejects.toMatchObject({ connectionLost: true })
    expect(await one('select id::text from kept')).toBe('7')
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

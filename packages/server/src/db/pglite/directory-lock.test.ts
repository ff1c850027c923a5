import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockDirectory } from './directory-lock.ts'

let folder: string
let directory: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mqttspec-lock-'))
  directory = join(folder, 'data')
  file = `${directory}.lock`
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A lock file as another process would have left it. */
function leftBy(holder: object): void {
  writeFileSync(file, JSON.stringify({ host: hostname(), birth: '', ...holder }))
}

/** The pid of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await new Promise((resolve) => child.on('exit', resolve))
  return child.pid ?? 0
}

describe('the lock of a database directory', () => {
  it('lies next to the directory, names its holder and goes with it', async () => {
    const lock = await lockDirectory(directory)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ pid: process.pid })
    lock.release()
    expect(existsSync(file)).toBe(false)
  })

  it('is refused while its holder lives, with the pid', async () => {
    const lock = await lockDirectory(directory)
    await expect(lockDirectory(directory)).rejects.toThrow(`in use by process ${process.pid}`)
    lock.release()
    await lockDirectory(directory)
  })

  it('is never taken from another live process', async () => {
    leftBy({ pid: process.ppid })
    await expect(lockDirectory(directory)).rejects.toThrow(`in use by process ${process.ppid}`)
  })

  it('is taken over from a dead process', async () => {
    leftBy({ pid: await deadPid() })
    const lock = await lockDirectory(directory)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ pid: process.pid })
    lock.release()
  })

  it.runIf(existsSync('/proc/self/stat'))('is taken over when its pid has passed to a later process', async () => {
    leftBy({ pid: process.pid, birth: 'another boot 1' })
    const lock = await lockDirectory(directory)
    lock.release()
  })

  it('is not taken from a process of another host, which nobody can ask', async () => {
    leftBy({ pid: await deadPid(), host: 'elsewhere.example' })
    await expect(lockDirectory(directory)).rejects.toThrow('on elsewhere.example')
  })

  it('is taken over when a crash left it half written', async () => {
    writeFileSync(file, '{"pid"')
    const longAgo = Date.now() / 1000 - 60
    utimesSync(file, longAgo, longAgo)
    const lock = await lockDirectory(directory)
    lock.release()
  })

  it('goes to exactly one of several that find the lock of a dead process', async () => {
    leftBy({ pid: await deadPid() })
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lockDirectory(directory)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(1)
  })

  it('goes to exactly one of several processes that find the lock of a dead one', async () => {
    leftBy({ pid: await deadPid() })
    const module = new URL('./directory-lock.ts', import.meta.url).href
    const code = `import(${JSON.stringify(module)}).then((m) => m.lockDirectory(${JSON.stringify(directory)}))
      .then(() => console.log('mine'), () => console.log('refused'))
      .then(() => process.stdin.resume())`
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code]),
    )
    const outputs = await Promise.all(
      children.map(
        (child) => new Promise<string>((resolve) => child.stdout.once('data', (said) => resolve(`${said}`))),
      ),
    )
    // Each is there until all have spoken: the lock of one that has ended is anybody's.
    for (const child of children) child.stdin.end()
    expect(outputs.sort()).toEqual(['mine\n', 'refused\n', 'refused\n', 'refused\n'])
  }, 30_000)

  it('is left alone at release when it has become another’s', async () => {
    const lock = await lockDirectory(directory)
    leftBy({ pid: 1 })
    lock.release()
    expect(existsSync(file)).toBe(true)
  })
})

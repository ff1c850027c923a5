import { closeSync, openSync, readFileSync, statSync, unlinkSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'

/** Who holds a lock, as its file says. */
interface Holder {
  readonly pid: number
  readonly host: string
  /** Tells a process from a later one with the same pid, where the system can say so (Linux), else ''. */
  readonly birth: string
}

/** The right to use a directory, until `release`. */
export interface DirectoryLock {
  release(): void
}

/** A takeover is a few system calls long: a guard older than this was left by a process that died in it. */
const TAKEOVER_ABANDONED_MS = 10_000
const TRY_AGAIN_MS = 20

/**
 * Takes `<directory>.lock`, since two PGlite on one directory destroy it without a word. The file names its holder;
 * that of a dead process is taken over, that of a live one never. Throws with the holder's pid.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const file = `${directory}.lock`
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), birth: birthOf(process.pid) } satisfies Holder)
  while (!createExclusively(file, mine)) {
    if (!takeOver(file, directory)) await wait(TRY_AGAIN_MS)
  }
  return {
    release() {
      if (read(file) === mine) unlinkSync(file)
    },
  }
}

/**
 * Removes the lock of a dead process, and says whether it did. One process at a time: so nobody can remove a lock
 * that was made after the one he looked at.
 */
function takeOver(file: string, directory: string): boolean {
  const guard = `${file}.takeover`
  if (!createExclusively(guard, String(process.pid))) {
    if (ageMs(guard) > TAKEOVER_ABANDONED_MS) remove(guard)
    return false
  }
  try {
    const content = read(file)
    if (content === undefined) return true
    const holder = parse(content)
    if (holder === undefined && ageMs(file) < TAKEOVER_ABANDONED_MS) return false // it is being written
    if (holder && isAlive(holder)) throw new Error(inUse(directory, file, holder))
    remove(file)
    return true
  } finally {
    remove(guard)
  }
}

function inUse(directory: string, file: string, { pid, host }: Holder): string {
  const where = host === hostname() ? `process ${pid}` : `process ${pid} on ${host}`
  return `The database directory ${directory} is in use by ${where}. If that process is gone, delete ${file}.`
}

/** Of another host nothing can be known: its holder counts as alive. */
function isAlive({ pid, host, birth }: Holder): boolean {
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false
  }
  const now = birthOf(pid)
  return now === '' || birth === '' || now === birth
}

/** The boot and the time since it at which a process began: a container gives each restart the same pid. */
function birthOf(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Field 22; the second field, the command in parentheses, may hold anything.
    return `${boot} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`
  } catch {
    return ''
  }
}

function parse(content: string): Holder | undefined {
  try {
    const { pid, host, birth } = JSON.parse(content) as Partial<Holder>
    return typeof pid === 'number' && pid > 0 && typeof host === 'string'
      ? { pid, host, birth: birth ?? '' }
      : undefined
  } catch {
    return undefined
  }
}

function createExclusively(file: string, content: string): boolean {
  try {
    const descriptor = openSync(file, 'wx')
    writeSync(descriptor, content)
    closeSync(descriptor)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

function read(file: string): string | undefined {
  return ifThere(() => readFileSync(file, 'utf8'))
}

function ageMs(file: string): number {
  return Date.now() - (ifThere(() => statSync(file).mtimeMs) ?? 0)
}

function remove(file: string): void {
  ifThere(() => unlinkSync(file))
}

function ifThere<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

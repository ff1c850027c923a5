import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'

const LIMIT_MS = 45_000

/** Is this program there, and does it end well with these arguments? */
export const works = (program: string, args: readonly string[]): boolean =>
  spawnSync(program, args, { timeout: 30_000, stdio: 'ignore' }).status === 0

/** Runs a program to its end; resolves with what it printed, and rejects with what it said when it fails. */
export async function runProgram(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { timeout: LIMIT_MS })
  return stdout
}

/** What a program printed, one JSON value on each line. */
export const jsonLines = (printed: string): Record<string, unknown>[] =>
  printed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

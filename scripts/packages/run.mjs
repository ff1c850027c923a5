import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const tools = fileURLToPath(new URL('../../node_modules/.bin/', import.meta.url))

const LIMIT_MS = 180_000

/**
 * Runs a program to its end and resolves with what it printed. Rejects with all of its output when it fails, or takes
 * longer than three minutes.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {string} cwd
 */
export async function run(program, args, cwd) {
  try {
    const { stdout } = await promisify(execFile)(program, args, { cwd, timeout: LIMIT_MS, maxBuffer: 64 * 2 ** 20 })
    return stdout
  } catch (error) {
    const { stdout = '', stderr = '', message } = /** @type {Error & { stdout?: string, stderr?: string }} */ (error)
    throw new Error(`${stdout}${stderr}`.trim() || message)
  }
}

/**
 * The same for a tool that the workspace has installed.
 *
 * @param {string} tool
 * @param {readonly string[]} args
 * @param {string} cwd
 */
export const runTool = (tool, args, cwd) => run(`${tools}${tool}`, args, cwd)

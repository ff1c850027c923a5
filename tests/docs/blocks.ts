import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The folder of the repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** A fenced block of TypeScript in a page. */
export interface Block {
  /** The page, from the root. */
  readonly page: string
  /** The line of the page on which the code begins, from 1. */
  readonly line: number
  readonly code: string
  /** Its fence says `ts run`: it is a whole program. */
  readonly runs: boolean
}

/** Every block of a page whose fence says `ts` or `ts run`. Throws at another word, which would be checked by nobody. */
export function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(`${ROOT}/${page}`, 'utf8')
  return [...text.matchAll(/^```(?:ts|typescript)\b(.*)\n([\s\S]*?)^```$/gm)].map((match) => {
    const [, said = '', code = ''] = match
    const line = text.slice(0, match.index).split('\n').length + 1
    const word = said.trim()
    if (word !== '' && word !== 'run')
      throw new Error(`${page}:${line - 1}: a fence says ts, or ts run, not ts ${word}`)
    return { page, line, code, runs: word === 'run' }
  })
}

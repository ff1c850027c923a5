import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { CLIENT_ERROR_CODES, ERROR_CODES } from './errors/codes.ts'
import { DEFAULT_LIMITS } from './limits.ts'

const root = new URL('../../../', import.meta.url)
const read = (file: string) => readFileSync(new URL(file, root), 'utf8')
const spec = read('SPEC.md')
const section = (title: string) => spec.split(/^## /m).find((text) => text.startsWith(title)) ?? ''
/** The cells of each row of a section's table, without its head. */
const rowsOf = (title: string) =>
  section(title)
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('|-'))
    .slice(1)
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()))

/** What the table of errors says to do about a code, by its retry rule. */
const SEND_AGAIN = {
  never: 'no',
  later: 'after `details.retry_after_ms`',
  'same-id': 'a read, or a write with the same `id`',
} as const

test('SPEC.md lists every error code, in the order of the table, with when to send again', () => {
  const listed = rowsOf('Errors').map(([code, , again]) => [code, again])
  expect(listed).toEqual(Object.entries(ERROR_CODES).map(([code, { retry }]) => [`\`${code}\``, SEND_AGAIN[retry]]))
})

test('SPEC.md names what only the client says', () => {
  for (const code of Object.keys(CLIENT_ERROR_CODES)) expect(section('Errors')).toContain(`\`${code}\``)
})

test('SPEC.md lists every limit with its default', () => {
  const listed = rowsOf('Limits').map(([name, value]) => [name, Number(value)])
  expect(listed).toEqual(Object.entries(DEFAULT_LIMITS).map(([name, value]) => [`\`${name}\``, value]))
})

describe('the invariants of SPEC.md', () => {
  const invariants = rowsOf('Invariants').map(([name = '', , where = '']) => {
    const [, file = '', title = ''] = /^`([^`]+)` › (.+)$/.exec(where) ?? []
    return { name, file, title }
  })

  test('are numbered without a gap', () => {
    expect(invariants.length).toBeGreaterThan(10)
    expect(invariants.map(({ name }) => name)).toEqual(invariants.map((_, index) => `I${index + 1}`))
  })

  test.each(invariants)('$name has the test "$title"', ({ file, title }) => {
    expect(title).not.toBe('')
    expect(read(file)).toContain(title)
  })

  test('are cited in the code by numbers that are there', () => {
    const cited = read('packages/server/src/request-path.ts').match(/\bI\d+\b/g) ?? []
    expect(cited).not.toEqual([])
    for (const name of cited) expect(invariants.map((invariant) => invariant.name)).toContain(name)
  })
})

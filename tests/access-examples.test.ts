import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format } from 'node:util'
import { afterEach, expect, test, vi } from 'vitest'

const folder = fileURLToPath(new URL('../examples/access', import.meta.url))

/** What each example prints when it is run. */
const PRINTS: Readonly<Record<string, readonly string[]>> = {
  'audit-log': ['not stored, not logged: conflict', 'ann made zoe\nann changed zoe: limit 0 to 500\nann deleted zoe'],
  'device-stamp': ['roof 31.5 true', 'another’s name: invalid_data', 'deletes: forbidden', 'no key: auth_error'],
  jwt: ['stored roof', 'refused auth_error', 'refused auth_error'],
  'multi-tenancy': ['acme sees 1', 'rival sees 0', 'rival gets null', 'rival deletes: not_found'],
  'own-database': ['refused: not so many of lamp are left', 'left 2 orders 1'],
  roles: [
    'a reader sees 0',
    'a reader writes: forbidden',
    'a reader sees 1',
    'an editor deletes: forbidden',
    'an admin has deleted it',
  ],
  validation: ['stored "Ann"', 'hook_error check email, check name', 'hook_error check what you change', 'stored 1'],
}

afterEach(() => vi.restoreAllMocks())

test.each(Object.entries(PRINTS))('access/%s does what it says', async (name, lines) => {
  const printed: string[] = []
  vi.spyOn(console, 'log').mockImplementation((...words) => void printed.push(format(...words)))
  await import(`../examples/access/${name}.ts`)
  expect(printed).toEqual(lines)
})

test('every example of access is run, and under 60 lines', () => {
  const files = readdirSync(folder)
  expect(files.sort()).toEqual(Object.keys(PRINTS).map((name) => `${name}.ts`))
  for (const file of files) expect(readFileSync(`${folder}/${file}`, 'utf8').split('\n').length, file).toBeLessThan(60)
})

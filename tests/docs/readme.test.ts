import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Block, blocksOf, ROOT } from './blocks.ts'
import { compileBlocks } from './compile-blocks.ts'

const PAGES = ['README.md', ...['protocol', 'server', 'client'].map((name) => `packages/${name}/README.md`)]
const blocks = PAGES.flatMap(blocksOf)
const at = ({ page, line }: Block) => `${page}:${line}`

describe('the code of the pages', () => {
  let said: ReadonlyMap<Block, readonly string[]>
  beforeAll(() => {
    said = compileBlocks(blocks)
  }, 120_000)

  test.each(blocks.map((block) => [at(block), block] as const))('compiles: %s', (_at, block) => {
    expect(said.get(block)).toEqual([])
  })
})

describe('the programs of the pages', () => {
  const folder = `${ROOT}/tests/docs/.cache`
  beforeAll(() => void mkdirSync(folder, { recursive: true }))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const programs = blocks.filter(({ runs }) => runs)
  test.each(programs.map((block, index) => [at(block), block, index] as const))(
    'run to their end: %s',
    async (_at, block, index) => {
      const log = vi.spyOn(console, 'log').mockImplementation(() => {})
      try {
        const program = `${folder}/program-${index}.ts`
        writeFileSync(program, block.code)
        await import(program)
        expect(log).toHaveBeenCalled()
      } finally {
        log.mockRestore()
      }
    },
  )
})

test('the first page shows a program that runs, and the two commands with the version of pnpm that is used', () => {
  const { packageManager } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'))
  const page = readFileSync(`${ROOT}/README.md`, 'utf8')
  expect(page).toContain(`npx -y ${packageManager} demo`)
  expect(page).toContain(`npx -y ${packageManager} test`)
  expect(blocks.some((block) => block.page === 'README.md' && block.runs)).toBe(true)
})

import { expect, test } from 'vitest'
import { compileProject } from './generated-project.ts'

// Measured: 13,100. What types cost shows in every editor of every user.
const MAX_PER_TABLE = 16_100

test('with a hundred tables, one more costs the compiler no more than with twenty', () => {
  const few = compileProject(20)
  const many = compileProject(100)
  expect([...few.errors, ...many.errors]).toEqual([])
  const perTable = (many.instantiations - few.instantiations) / 80
  expect(Math.round(perTable)).toBeLessThan(MAX_PER_TABLE)
}, 120_000)

test('what is wrong in such a project is found', () => {
  const { errors } = compileProject(2, `void spec.read('t0', { columns: ['nope'] })`)
  expect(errors).toEqual([expect.stringContaining('"nope"')])
}, 60_000)

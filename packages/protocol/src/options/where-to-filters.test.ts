import { describe, expect, test } from 'vitest'
import { whereToFilters } from './where-to-filters.ts'

describe('whereToFilters', () => {
  test('reads a value as eq, null as is_null, an object as comparisons', () => {
    const at = new Date(0)
    expect(whereToFilters({ a: 1, b: null, c: { gte: 1, lt: 5 }, d: ['x'], e: at })).toEqual([
      { column: 'a', operator: 'eq', value: 1 },
      { column: 'b', operator: 'is_null' },
      { column: 'c', operator: 'gte', value: 1 },
      { column: 'c', operator: 'lt', value: 5 },
      { column: 'd', operator: 'eq', value: ['x'] },
      { column: 'e', operator: 'eq', value: at },
    ])
  })

  test('nests and, or and not', () => {
    const where = { or: [{ a: 1, b: 2 }, { not: { c: { in: [] } } }], and: [{ 'prefs.theme': 'dark' }] }
    expect(whereToFilters(where)).toEqual([
      {
        or: [
          {
            and: [
              { column: 'a', operator: 'eq', value: 1 },
              { column: 'b', operator: 'eq', value: 2 },
            ],
          },
          { not: { column: 'c', operator: 'in', value: [] } },
        ],
      },
      { and: [{ column: 'prefs.theme', operator: 'eq', value: 'dark' }] },
    ])
  })

  test('sends no value with is_null and is_not_null, and reads false as the opposite', () => {
    const where = { a: { is_null: true }, b: { is_not_null: true }, c: { is_null: false }, d: { is_not_null: false } }
    expect(whereToFilters(where)).toEqual([
      { column: 'a', operator: 'is_null' },
      { column: 'b', operator: 'is_not_null' },
      { column: 'c', operator: 'is_not_null' },
      { column: 'd', operator: 'is_null' },
    ])
  })

  test.each([
    ['an undefined value', { tenantId: undefined }, 'where.tenantId'],
    ['an undefined operand', { age: { gte: undefined } }, 'where.age.gte'],
    ['no comparison', { age: {} }, 'where.age'],
    ['a list that is none', { or: { a: 1 } }, 'where.or'],
    ['a nested undefined', { or: [{ a: 1 }, { b: undefined }] }, 'where.or.1.b'],
    ['a group that is none', { not: 1 }, 'where.not'],
  ])('refuses %s instead of dropping the filter', (_, where, path) => {
    expect(() => whereToFilters(where)).toThrow(expect.objectContaining({ code: 'invalid_options' }))
    expect(() => whereToFilters(where)).toThrow(path)
  })
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Meta } from '../operations/meta.ts'
import type { SubscriptionEvent } from '../subscription/event.ts'
import { ChangeWindow } from './change-window.ts'
import { rowOrder } from './row-order.ts'

interface Row extends Readonly<Record<string, unknown>> {
  readonly id: number
  readonly rank: number | null
}

const column = (name: string, type: string) => ({ name, type }) as Meta['columns'][number]
const META = { primary_key: 'id', columns: [column('id', 'integer'), column('rank', 'integer')] } as unknown as Meta

const change = fc.record({ id: fc.nat(12), rank: fc.option(fc.nat(3)), leaves: fc.boolean() })

test('a window says what a sorted set says, whatever enters, changes and leaves', () => {
  fc.assert(
    fc.property(fc.array(change), fc.nat(4), fc.nat(3), fc.boolean(), (changes, limit, more, descending) => {
      const order = rowOrder([{ column: 'rank', direction: descending ? 'desc' : 'asc' }], META)
      if (!order) throw new Error('there is an order')
      const set = new Map<number, Row>()
      const sorted = () => [...set.values()].sort((a, b) => bySort(a, b, descending))
      const read = () => {
        const rows = sorted()
        return new ChangeWindow(rows.slice(0, limit + more), rows.length <= limit + more, {
          order,
          limit,
          kept: limit + more,
          show: (row) => row,
        })
      }
      let window = read()
      let reads = 0
      for (const { id, rank, leaves } of changes) {
        const was = set.has(id)
        if (leaves && !was) continue
        if (leaves) set.delete(id)
        else set.set(id, { id, rank })
        const type = leaves ? 'leave' : was ? 'update' : 'enter'
        if (!window.take({ type, key: id, data: { id, rank } } as unknown as SubscriptionEvent)) {
          window = read()
          reads++
        }
        expect(window.rows).toEqual(sorted().slice(0, limit))
      }
      // Only what leaves can leave a place that is not known how to fill.
      const left = changes.filter(({ leaves }) => leaves).length
      if (limit === 0 || changes.length === 0) expect(reads).toBe(0)
      else expect(reads).toBeLessThanOrEqual(left + changes.length / (more + 1))
    }),
    { numRuns: 1_000 },
  )
})

function bySort(a: Row, b: Row, descending: boolean): number {
  const value = ({ rank }: Row) => rank ?? Number.MAX_SAFE_INTEGER
  const order = descending ? value(b) - value(a) : value(a) - value(b)
  return order === 0 ? a.id - b.id : order
}

test('a row whose place only Postgres knows asks for a read, and one that keeps its place does not', () => {
  const meta = { primary_key: 'id', columns: [column('id', 'integer'), column('name', 'text')] } as unknown as Meta
  const order = rowOrder([{ column: 'name' }], meta)
  if (!order) throw new Error('there is an order')
  const rows = [
    { id: 1, name: 'a', note: 1 },
    { id: 2, name: 'b', note: 1 },
  ]
  const window = new ChangeWindow(rows, true, { order, limit: 5, kept: 5, show: (row) => row })
  const tell = (event: object) => window.take(event as SubscriptionEvent)
  expect(order.isKnown).toBe(false)
  expect(tell({ type: 'update', key: 1, data: { id: 1, name: 'a', note: 2 } })).toBe(true)
  expect(window.rows[0]).toEqual({ id: 1, name: 'a', note: 2 })
  expect(tell({ type: 'leave', key: 2, data: {} })).toBe(true)
  expect(tell({ type: 'enter', key: 3, data: { id: 3, name: 'c' } })).toBe(false)
  expect(tell({ type: 'reset' })).toBe(false)
})

test('rows of a composite key are told apart by all its columns', () => {
  const meta = { primary_key: ['a', 'b'], columns: [column('a', 'integer'), column('b', 'integer')] }
  const order = rowOrder([], meta as unknown as Meta)
  if (!order) throw new Error('there is an order')
  const rows = [
    { a: 1, b: 1 },
    { a: 1, b: 2 },
  ]
  const window = new ChangeWindow(rows, true, { order, limit: 5, kept: 5, show: (row) => row })
  expect(window.take({ type: 'leave', key: { b: 1, a: 1 } } as unknown as SubscriptionEvent)).toBe(true)
  expect(window.rows).toEqual([{ a: 1, b: 2 }])
})

import { describe, expect, it } from 'vitest'
import { type Change, fold, follow, type RowSet } from './follow.ts'

interface Row {
  readonly id: number
  readonly name: string
}

/** A set whose reads and subscriptions are written down: one of each, in order. */
function scripted(reads: readonly (readonly Row[])[], streams: readonly (readonly Change<Row>[])[]) {
  const since: string[] = []
  const set: RowSet<Row> = {
    read: async () => ({ data: reads[since.length] ?? [], at: `at-${since.length}` }),
    changes: (at) => {
      const changes = streams[since.push(at) - 1] ?? []
      return (async function* () {
        yield* changes
      })()
    },
    keyOf: (row) => row.id,
  }
  return { set, since }
}

describe('follow', () => {
  it('shows the rows that were read, then each change folded into them', async () => {
    const { set, since } = scripted(
      [[{ id: 1, name: 'a' }]],
      [
        [
          { type: 'enter', key: 2, data: { id: 2, name: 'b' } },
          { type: 'update', key: 1, data: { id: 1, name: 'A' } },
          { type: 'leave', key: 2 },
        ],
      ],
    )
    const seen: string[] = []
    await follow(set, (rows) => seen.push([...rows.values()].map((row) => row.name).join()))
    expect(seen).toEqual(['a', 'a,b', 'A,b', 'A'])
    expect(since).toEqual(['at-0'])
  })

  it('reads anew after a reset, and goes on from there', async () => {
    const { set, since } = scripted(
      [[{ id: 1, name: 'old' }], [{ id: 2, name: 'new' }]],
      [[{ type: 'reset' }, { type: 'enter', key: 3, data: { id: 3, name: 'never seen' } }], []],
    )
    const seen: number[][] = []
    await follow(set, (rows) => seen.push([...rows.values()].map((row) => row.id)))
    expect(seen).toEqual([[1], [2]])
    expect(since).toEqual(['at-0', 'at-1'])
  })
})

describe('fold', () => {
  it('says that a leave of a row that is not there changes nothing', () => {
    const rows = new Map([['1', { id: 1, name: 'a' }]])
    expect(fold(rows, { type: 'leave', key: 9 })).toBe(false)
    expect(fold(rows, { type: 'ready' })).toBe(false)
    expect(rows.size).toBe(1)
  })
})

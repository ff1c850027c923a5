import { describe, expect, it } from 'vitest'
import { type Change, type Changes, fold, follow, type RowSet } from './follow.ts'

interface Row {
  readonly id: number
  readonly name: string
}

/** A set whose reads and changes are written down; `log` tells in which order it was asked. */
function scripted(reads: readonly (readonly Row[])[], told: readonly Change<Row>[]) {
  const log: string[] = []
  let count = 0
  const set: RowSet<Row> = {
    changes: () => changesOf(told, log),
    read: async () => {
      log.push('read')
      return { data: reads[count++] ?? [] }
    },
    keyOf: (row) => row.id,
  }
  return { set, log }
}

function changesOf(told: readonly Change<Row>[], log: string[]): Changes<Row> {
  return {
    get ready() {
      log.push('ready')
      return Promise.resolve()
    },
    async *[Symbol.asyncIterator]() {
      yield* told
    },
    async [Symbol.asyncDispose]() {
      log.push('closed')
    },
  }
}

const names = (rows: ReadonlyMap<string, Row>): string => [...rows.values()].map((row) => row.name).join()

describe('follow', () => {
  it('shows the rows that were read, then each change folded into them', async () => {
    const { set, log } = scripted(
      [[{ id: 1, name: 'a' }]],
      [
        { type: 'enter', key: 2, data: { id: 2, name: 'b' } },
        { type: 'update', key: 1, data: { id: 1, name: 'A' } },
        { type: 'leave', key: 2 },
      ],
    )
    const seen: string[] = []
    await follow(set, (rows) => seen.push(names(rows)))
    expect(seen).toEqual(['a', 'a,b', 'A,b', 'A'])
    expect(log).toEqual(['ready', 'read', 'closed'])
  })

  it('reads anew after a reset, and goes on from there', async () => {
    const { set } = scripted(
      [[{ id: 1, name: 'old' }], [{ id: 2, name: 'new' }]],
      [{ type: 'reset' }, { type: 'enter', key: 3, data: { id: 3, name: 'newer' } }],
    )
    const seen: string[] = []
    await follow(set, (rows) => seen.push(names(rows)))
    expect(seen).toEqual(['old', 'new', 'new,newer'])
  })

  it('ends the subscription when a read fails', async () => {
    const { set, log } = scripted([], [])
    const failing = { ...set, read: () => Promise.reject(new Error('away')) }
    await expect(follow(failing, () => {})).rejects.toThrow('away')
    expect(log).toEqual(['ready', 'closed'])
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

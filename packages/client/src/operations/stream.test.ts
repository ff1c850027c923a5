import { describe, expect, test } from 'vitest'
import { connect } from '../connect.ts'
import { type Received, ScriptedServer } from '../testing/scripted-server.ts'

/** A server of the numbers from 1 to `last`, whose cursor is the number before. */
const numbers =
  (last: number) =>
  ({ options }: Received) => {
    const { limit = 100, cursor_forward: after = 0 } = options as { limit?: number; cursor_forward?: number | string }
    const from = Number(`${after}`.replace('~', ''))
    const data = Array.from({ length: Math.min(limit, last - from) }, (_, index) => ({ id: from + index + 1 }))
    const edge = from + data.length
    return { data, metadata: { count: data.length, limit, offset: 0, ...(edge < last && { next: `~${edge}` }) } }
  }

async function ids(rows: AsyncIterable<Record<string, unknown>>): Promise<unknown[]> {
  const seen: unknown[] = []
  for await (const { id } of rows) seen.push(id)
  return seen
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

describe('a stream', () => {
  test('gives every row once, in pages that begin where the one before ended', async () => {
    await using server = await ScriptedServer.start(numbers(7))
    await using spec = await connect(server.url)
    expect(await ids(spec.stream('numbers', { pageSize: 3, where: { even: true }, sort: 'id' }))).toEqual(upTo(7))
    const filters = [{ column: 'even', operator: 'eq', value: true }]
    const sort = [{ column: 'id', direction: 'asc' }]
    expect(server.received.map(({ options }) => options)).toEqual([
      { filters, sort, limit: 3, total: false },
      { filters, sort, limit: 3, total: false, cursor_forward: '~3' },
      { filters, sort, limit: 3, total: false, cursor_forward: '~6' },
    ])
  })

  test('of no rows ends at once, and one that ends with its page asks for no other', async () => {
    await using server = await ScriptedServer.start(numbers(0))
    await using spec = await connect(server.url)
    expect(await ids(spec.stream('numbers'))).toEqual([])
    server.script = numbers(4)
    expect(await ids(spec.stream('numbers', { pageSize: 2 }))).toEqual(upTo(4))
    expect(server.received).toHaveLength(3)
  })

  test('gives at most `limit` rows, from `after` on', async () => {
    await using server = await ScriptedServer.start(numbers(50))
    await using spec = await connect(server.url)
    expect(await ids(spec.stream('numbers', { pageSize: 4, limit: 6, after: '~10' }))).toEqual([11, 12, 13, 14, 15, 16])
    expect(server.received.map(({ options }) => options?.limit)).toEqual([4, 2])
    expect(await ids(spec.stream('numbers', { limit: 0 }))).toEqual([])
    expect(server.received).toHaveLength(2)
  })

  test('reads no page before it is needed, and none after a break', async () => {
    await using server = await ScriptedServer.start(numbers(50))
    await using spec = await connect(server.url)
    const rows = spec.stream('numbers', { pageSize: 5 })
    expect(server.received).toEqual([])
    for await (const { id } of rows) if (id === 5) break
    expect(server.received).toHaveLength(1)
  })

  test('begins anew with each loop', async () => {
    await using server = await ScriptedServer.start(numbers(3))
    await using spec = await connect(server.url)
    const rows = spec.stream('numbers', { pageSize: 2 })
    expect([await ids(rows), await ids(rows)]).toEqual([upTo(3), upTo(3)])
  })

  test('ends with the reason of its signal, also in the midst of a page', async () => {
    await using server = await ScriptedServer.start(numbers(50))
    await using spec = await connect(server.url)
    const stopping = new AbortController()
    const seen: unknown[] = []
    const reading = async () => {
      for await (const { id } of spec.stream('numbers', { pageSize: 10, signal: stopping.signal })) {
        seen.push(id)
        if (id === 3) stopping.abort(new Error('enough'))
      }
    }
    await expect(reading()).rejects.toThrow('enough')
    expect(seen).toEqual([1, 2, 3])
    await expect(ids(spec.stream('numbers', { signal: stopping.signal }))).rejects.toThrow('enough')
  })

  test('throws what a page is refused with, after the rows that were there', async () => {
    await using server = await ScriptedServer.start((message) =>
      message.options?.cursor_forward
        ? { success: false, error: { code: 'forbidden', message: 'no' } }
        : numbers(9)(message),
    )
    await using spec = await connect(server.url)
    const seen: unknown[] = []
    const reading = async () => {
      for await (const { id } of spec.stream('numbers', { pageSize: 2 })) seen.push(id)
    }
    await expect(reading()).rejects.toMatchObject({ code: 'forbidden' })
    expect(seen).toEqual([1, 2])
  })

  test.each([0, -1, Number.NaN])('in pages of %d rows is refused: it would end at once', async (pageSize) => {
    await using server = await ScriptedServer.start(numbers(3))
    await using spec = await connect(server.url)
    expect(() => spec.stream('numbers', { pageSize })).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  })
})

import { connect, type ShapeOf, type SpecClient } from '@mqttspec/client'
import type { Server } from '@mqttspec/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startCuttingProxy } from '../cutting-proxy.ts'
import { blog } from './blog.ts'
import type { OpenDatabase } from './with-server.ts'

/** Holds the SDK and a server over a database to what they promise together. */
export function clientSuite(over: string, open: OpenDatabase = async () => ({})): void {
  describe(`the client over ${over}`, () => {
    let server: Server
    let spec: SpecClient<ShapeOf<typeof blog>>

    beforeAll(async () => {
      server = await blog.listen({ broker: { port: 0, webSocket: { port: 0 } }, ...(await open()) })
      spec = await connect<typeof blog>(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`)
    }, 60_000)
    afterAll(async () => {
      await spec.close()
      await server.close()
    })

    test('writes and reads rows, one and many', async () => {
      const ann = await spec.create('authors', { name: 'Ann', email: 'ann@x.io', age: 30 })
      expect(ann).toEqual({ id: ann.id, name: 'Ann', email: 'ann@x.io', age: 30 })
      const many = await spec.create('authors', [
        { name: 'Bob', age: 20 },
        { name: 'Kid', age: 5 },
      ])
      expect(many.map(({ name }) => name)).toEqual(['Bob', 'Kid'])
      await spec.update('authors', ann.id, { age: 10 }, { if: { age: 30 } })
      await expect(spec.update('authors', ann.id, { age: 11 }, { if: { age: 30 } })).rejects.toMatchObject({
        code: 'precondition_failed',
      })
      const page = await spec.read('authors', {
        where: { or: [{ name: { ilike: 'b%' } }, { email: { is_not_null: true } }] },
        sort: '-name',
        limit: 1,
        total: true,
        columns: ['name'],
      })
      expect(page).toMatchObject({ data: [{ name: 'Bob' }], count: 1, total: 2 })
      const next = await spec.read('authors', {
        where: { or: [{ name: { ilike: 'b%' } }, { email: { is_not_null: true } }] },
        sort: '-name',
        after: page.next ?? '',
      })
      expect(next.data.map(({ name }) => name)).toEqual(['Ann'])
      expect(await spec.count('authors', { age: { lt: 15 } })).toBe(2)
      expect(await spec.get('authors', 99_999)).toBeNull()
      expect(await spec.delete('authors', [ann.id, ...many.map(({ id }) => id)])).toBe(3)
      await expect(spec.delete('authors', ann.id)).rejects.toMatchObject({ code: 'not_found' })
    })

    test('sends related rows along, in a write and in a read, typed all the way down', async () => {
      const eve = await spec.create('authors', {
        name: 'Eve',
        articles: [
          { title: 'One', rank: 1 },
          { title: 'Two', rank: 2 },
        ],
      })
      expect(eve.articles.map(({ title }) => title)).toEqual(['One', 'Two'])
      const page = await spec.read('authors', {
        where: { id: eve.id },
        columns: ['name'],
        with: { articles: { columns: ['title'], where: { rank: { gt: 1 } }, with: { author: { columns: ['name'] } } } },
      })
      const [row] = page.data
      expect(row).toEqual({ name: 'Eve', articles: [{ title: 'Two', author: { name: 'Eve' } }] })
      const first = eve.articles[0]
      const changed = await spec.update('authors', eve.id, {
        articles: [
          { _request: 'update', id: first?.id ?? 0, title: 'First' },
          { _request: 'insert', title: 'Three' },
        ],
      })
      expect(changed.articles?.map(({ title }) => title)).toEqual(['First', 'Three'])
    })

    test('walks every row of a list, page by page, also while rows go', async () => {
      await spec.create(
        'tags',
        Array.from({ length: 25 }, (_, n) => ({ label: `walk ${String(n).padStart(2, '0')}` })),
      )
      const seen: string[] = []
      for await (const { id, label } of spec.stream('tags', {
        where: { label: { startswith: 'walk' } },
        sort: 'label',
        pageSize: 4,
      })) {
        seen.push(label)
        await spec.delete('tags', id)
      }
      expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => `walk ${String(n).padStart(2, '0')}`))
    })

    test('computes figures, of all rows and per group', async () => {
      await spec.create('authors', [
        { name: 'g1', age: 71 },
        { name: 'g2', age: 71 },
        { name: 'g3', age: 72 },
      ])
      const where = { age: { gt: 70 } }
      expect(
        await spec.aggregate('authors', { fields: { n: { fn: 'count' }, sum: { fn: 'sum', column: 'age' } }, where }),
      ).toEqual({ n: 3, sum: '214' })
      expect(
        await spec.aggregate('authors', { fields: { n: { fn: 'count' } }, groupBy: ['age'], where, sort: '-n' }),
      ).toEqual([
        { age: 71, n: 2 },
        { age: 72, n: 1 },
      ])
    })

    test('gives a row with its place, and columns and operators of the server’s own', async () => {
      const where = { age: { gt: 70 } }
      const [last] = (await spec.read('authors', { where, sort: '-age', limit: 1 })).data
      expect(await spec.rowNumber('authors', last?.id ?? 0, { where, sort: 'age' })).toMatchObject({
        row: { name: 'g3' },
        rowNumber: 3,
        total: 3,
      })
      const page = await spec.read('authors', {
        where,
        columns: ['name', 'initial'],
        sort: 'name',
        operators: { olderThan: 71 },
      })
      expect(page.data).toEqual([{ name: 'g3', initial: 'G' }])
    })

    test('runs a batch with references in one transaction, or none of it', async () => {
      const made = await spec.batch((b) => {
        const author = b.create('authors', { name: 'Batch' })
        return { author, article: b.create('articles', { title: 'of it', authorId: author.ref('id') }) }
      })
      expect(made.article.authorId).toBe(made.author.id)
      const before = await spec.count('authors')
      const failing = spec.batch((b) => [b.create('authors', { name: 'no' }), b.delete('authors', 99_999)])
      await expect(failing).rejects.toMatchObject({ code: 'not_found', details: { index: 1 } })
      expect(await spec.count('authors')).toBe(before)
    })

    test('changes the row that has the same unique value, when it is asked to', async () => {
      const onConflict = { columns: ['email'], do: 'update' } as const
      const first = await spec.create('authors', { name: 'U1', email: 'u@x.io' }, { onConflict })
      expect(await spec.create('authors', { name: 'U2', email: 'u@x.io' }, { onConflict })).toMatchObject({
        id: first.id,
        name: 'U2',
      })
    })

    test('tells of changes as they enter, change and leave a set', async () => {
      await using set = spec.subscribe('authors', { where: { age: { gte: 90 } }, columns: ['id', 'age'] })
      await set.ready
      const { id } = await spec.create('authors', { name: 'S', age: 90 })
      await spec.update('authors', id, { age: 91 })
      await spec.update('authors', id, { age: 5 })
      const events: string[] = []
      for await (const event of set) {
        events.push(event.type)
        if (event.type === 'leave') break
      }
      expect(events).toEqual(['enter', 'update', 'leave'])
    })

    test('begins with the rows that are there, or where a read was', async () => {
      const row = await spec.create('authors', { name: 'N', age: 1_000 })
      const where = { age: { gte: 1_000 } }
      const page = await spec.read('authors', { where })
      await using rows = spec.subscribe('authors', { where, snapshot: true })
      const first = [await rows.next(), await rows.next()].map(({ value }) => value)
      expect(first).toMatchObject([{ type: 'enter', operation: 'snapshot', key: row.id }, { type: 'ready' }])
      await spec.update('authors', row.id, { age: 1_001 })
      await using since = spec.subscribe('authors', { where, since: page.at ?? '' })
      const told = [await since.next(), await since.next()].map(({ value }) => value)
      expect(told).toMatchObject([{ type: 'update', key: row.id, data: { age: 1_001 } }, { type: 'ready' }])
    })

    test('goes on where a durable subscription was left, and begins anew after one that was ended', async () => {
      const url = `mqtt://127.0.0.1:${server.addresses.mqtt?.port}`
      const open = async () => {
        const device = await connect<typeof blog>(url, { clientId: 'device-1' })
        return { device, set: device.subscribe('tags', { where: { label: { startswith: 'kept' } }, durable: 'kept' }) }
      }
      const first = await open()
      await first.set.ready
      expect((await first.set.next()).value).toMatchObject({ type: 'ready' })
      await spec.create('tags', { label: 'kept 1' })
      expect((await first.set.next()).value).toMatchObject({ type: 'enter', data: { label: 'kept 1' } })
      await first.device.close()
      await spec.create('tags', { label: 'kept 2' })
      const second = await open()
      const told = [await second.set.next(), await second.set.next()].map(({ value }) => value)
      expect(told).toMatchObject([{ type: 'enter', data: { label: 'kept 2' } }, { type: 'ready' }])
      await second.set.close()
      await second.device.close()
      await spec.create('tags', { label: 'kept 3' })
      const third = await open()
      expect((await third.set.next()).value).toMatchObject({ type: 'ready' })
      await spec.create('tags', { label: 'kept 4' })
      expect((await third.set.next()).value).toMatchObject({ type: 'enter', data: { label: 'kept 4' } })
      await third.set.close()
      await third.device.close()
    })

    test('goes on after a lost connection with what was missed, each once, and without a reset', async () => {
      await using proxy = await startCuttingProxy(server.addresses.mqtt?.port ?? 0)
      await using cut = await connect<typeof blog>(`mqtt://127.0.0.1:${proxy.port}`)
      await using set = cut.subscribe('tags', { where: { label: { startswith: 'cut' } } })
      await set.ready
      await spec.create('tags', { label: 'cut 0' })
      expect((await set.next()).value).toMatchObject({ type: 'enter', data: { label: 'cut 0' } })
      for (let round = 1; round <= 3; round++) {
        proxy.cut('reset')
        await spec.create('tags', [{ label: `cut ${round} a` }, { label: `cut ${round} b` }])
        const told = [await set.next(), await set.next()].map(({ value }) => value)
        expect(told).toMatchObject([
          { type: 'enter', data: { label: `cut ${round} a` } },
          { type: 'enter', data: { label: `cut ${round} b` } },
        ])
      }
    })

    test('names a row by a composite key, and speaks over WebSockets too', async () => {
      await using web = await connect<typeof blog>(`ws://127.0.0.1:${server.addresses.webSocket?.port}`)
      const { id: authorId } = await web.create('authors', { name: 'K' })
      const article = await web.create('articles', { authorId, title: 't' })
      const tag = await web.create('tags', { label: 'key' })
      const key = { articleId: article.id, tagId: tag.id }
      await web.create('articleTags', key)
      await web.update('articleTags', key, { note: 'n' })
      expect(await web.get('articleTags', key)).toEqual({ ...key, note: 'n' })
      expect(await web.delete('articleTags', [key])).toBe(1)
    })
  })
}

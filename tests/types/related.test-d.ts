import type { ShapeOf, SpecClient } from '@mqttspec/client'
import { expectTypeOf, test } from 'vitest'
import type { blog } from '../suites/blog.ts'

declare const spec: SpecClient<ShapeOf<typeof blog>>

test('related rows are typed by their relation: a list, or a row or null, as deep as they were asked for', async () => {
  const page = await spec.read('authors', {
    columns: ['name'],
    with: { articles: { columns: ['title'], with: { author: true, tags: { with: { tag: { columns: ['label'] } } } } } },
  })
  const [row] = page.data
  expectTypeOf(row?.articles[0]?.title).toEqualTypeOf<string | undefined>()
  expectTypeOf(row?.articles[0]?.author).toEqualTypeOf<
    { id: number; name: string; email: string | null; age: number | null } | null | undefined
  >()
  expectTypeOf(row?.articles[0]?.tags[0]?.tag).toEqualTypeOf<{ label: string } | null | undefined>()
  // @ts-expect-error: the column was not asked for
  row?.articles[0]?.rank
  // @ts-expect-error: there is no such relation
  spec.read('authors', { with: { books: true } })
  // @ts-expect-error: there is no such column
  spec.read('authors', { with: { articles: { columns: ['name'] } } })
  // @ts-expect-error: a title is text
  spec.read('authors', { with: { articles: { where: { title: 5 } } } })
  // @ts-expect-error: what is hidden is not there
  spec.read('articles', { with: { author: { columns: ['secret'] } } })
})

test('figures are typed by their function and column', async () => {
  const figures = await spec.aggregate('authors', {
    fields: { n: { fn: 'count' }, total: { fn: 'sum', column: 'age' }, first: { fn: 'min', column: 'name' } },
  })
  expectTypeOf(figures.n).toEqualTypeOf<number>()
  expectTypeOf(figures.total).toEqualTypeOf<string | null>()
  expectTypeOf(figures.first).toEqualTypeOf<string | null>()
  const groups = await spec.aggregate('authors', { fields: { n: { fn: 'count' } }, groupBy: ['age'] })
  expectTypeOf(groups[0]?.age).toEqualTypeOf<number | null | undefined>()
  // @ts-expect-error: there is no such function
  spec.aggregate('authors', { fields: { n: { fn: 'median', column: 'age' } } })
  // @ts-expect-error: text has no sum
  spec.aggregate('authors', { fields: { n: { fn: 'sum', column: 'name' } } })
  // @ts-expect-error: there is no such column
  spec.aggregate('authors', { fields: { n: { fn: 'count' } }, groupBy: ['nope'] })
})

test('a batch gives what was built, and a reference stands where its value may', async () => {
  const made = await spec.batch((b) => {
    const author = b.create('authors', { name: 'x' })
    return {
      author,
      gone: b.delete('tags', [1, 2]),
      article: b.create('articles', { title: 't', authorId: author.ref('id') }),
    }
  })
  expectTypeOf(made.author.id).toEqualTypeOf<number>()
  expectTypeOf(made.gone).toEqualTypeOf<number>()
  expectTypeOf(made.article.title).toEqualTypeOf<string>()
  spec.batch((b) => {
    const author = b.create('authors', { name: 'x' })
    // @ts-expect-error: a name is no number
    b.create('articles', { title: 't', authorId: author.ref('name') })
    // @ts-expect-error: there is no such column
    author.ref('nope')
  })
})

test('columns and operators of the server’s own are known by name and type', async () => {
  const page = await spec.read('authors', {
    columns: ['name', 'initial', 'decade'],
    where: { initial: 'A' },
    sort: '-decade',
    operators: { olderThan: 3 },
  })
  expectTypeOf(page.data[0]?.initial).toEqualTypeOf<string | undefined>()
  const plain = await spec.read('authors')
  // @ts-expect-error: it comes only when it is named
  plain.data[0]?.initial
  // @ts-expect-error: there is no such operator
  spec.read('authors', { operators: { nearby: 1 } })
  // @ts-expect-error: it cannot be written
  spec.create('authors', { name: 'x', initial: 'X' })
})

test('related rows in a write lack what the relation sets, and come back', async () => {
  const made = await spec.create('authors', { name: 'x', articles: [{ title: 't' }] })
  expectTypeOf(made.articles[0]?.title).toEqualTypeOf<string | undefined>()
  spec.update('authors', 1, { articles: [{ _request: 'delete', id: 1 }, { title: 'new' }] })
  // @ts-expect-error: a title is needed
  spec.create('authors', { name: 'x', articles: [{ rank: 1 }] })
  // @ts-expect-error: there is no such request
  spec.update('authors', 1, { articles: [{ _request: 'upsert', id: 1 }] })
  // @ts-expect-error: there is no such column
  spec.create('authors', { name: 'x' }, { onConflict: { columns: ['nope'], do: 'update' } })
})

import { type ColumnKind, type MemoryComparison, plain } from './column-kind.ts'

/** An array of any other kind, also of arrays. Its elements may be null. */
export function arrayOf(element: ColumnKind, type: string): ColumnKind {
  const inMemory = element.memory
  const nested = element.cast.endsWith('[]')
  return {
    type,
    // Postgres writes every dimension of an array as the same type.
    cast: nested ? element.cast : `${element.cast}[]`,
    expects: `a list, each element ${element.expects} or null`,
    encode(value) {
      if (!Array.isArray(value)) return undefined
      const literals = value.map((item) => {
        if (item === null) return 'NULL'
        const literal = element.encode(item)
        return nested ? literal : quoted(literal)
      })
      return literals.includes(undefined) ? undefined : `{${literals.join(',')}}`
    },
    select: selectArray(element),
    sql: { equality: element.sql.equality, order: element.sql.order, text: 'none' },
    element,
    ...(inMemory && { memory: elementwise(inMemory) }),
  }
}

const quoted = (literal: string | undefined): string | undefined =>
  literal === undefined ? undefined : `"${literal.replace(/["\\]/g, '\\$&')}"`

/** What `row_to_json` makes of each element is right already, or the elements are made right one by one. */
function selectArray(element: ColumnKind): (expression: string) => string {
  if (element.select('x') === 'x') return plain
  if (element.select('x').startsWith('x::text')) return (expression) => `${expression}::text[]`
  return (expression) =>
    `case when ${expression} is not null then array(select ${element.select('e.x')} from unnest(${expression}) with ordinality as e(x, n) order by e.n) end`
}

function elementwise(element: MemoryComparison): MemoryComparison {
  const decode = (value: unknown) => (value === null ? null : element.decode(value))
  return {
    decode: (value) => (value as unknown[]).map(decode),
    equal: (left, right) => {
      const [a, b] = [left as unknown[], right as unknown[]]
      return a.length === b.length && a.every((item, index) => equalItems(element, item, b[index]))
    },
  }
}

// Unlike two cells, two null elements of arrays are equal.
function equalItems(element: MemoryComparison, left: unknown, right: unknown): boolean {
  return left === null || right === null ? left === right : element.equal(left, right)
}

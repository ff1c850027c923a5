/** What a value of a parameter is as a literal of Postgres, as its drivers would send it; null for none. */
export function toLiteral(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return arrayLiteral(value)
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function arrayLiteral(items: readonly unknown[]): string {
  const literals = items.map((item) => {
    if (Array.isArray(item)) return arrayLiteral(item)
    const text = toLiteral(item)
    return text === null ? 'NULL' : `"${text.replaceAll(/["\\]/g, '\\$&')}"`
  })
  return `{${literals.join(',')}}`
}

type Parse = (text: string) => unknown

const asIs: Parse = (text) => text
const toBytes: Parse = (text) => Buffer.from(text.slice(2), 'hex')

/** The types that are more than text in JavaScript: by oid, and the oid of their arrays. [pg_type.dat] */
const PARSED: readonly (readonly [type: number, array: number, parse: Parse])[] = [
  [16, 1000, (text) => text === 't'],
  [17, 1001, toBytes],
  [21, 1005, Number],
  [23, 1007, Number],
  [26, 1028, Number],
  [700, 1021, Number],
  [701, 1022, Number],
  // Exact as text only, or text anyway: int8, numeric, text, varchar, bpchar, uuid, date and time.
  ...[
    [20, 1016],
    [1700, 1231],
    [25, 1009],
    [1043, 1015],
    [1042, 1014],
    [2950, 2951],
    [1082, 1182],
    [1083, 1183],
    [1114, 1115],
    [1184, 1185],
    [1186, 1187],
  ].map(([type = 0, array = 0]) => [type, array, asIs] as const),
]

const JSON_TYPES = new Map([
  [114, 199],
  [3802, 3807],
])

const parsers = (json: Parse): ReadonlyMap<number, Parse> =>
  new Map(
    [...PARSED, ...[...JSON_TYPES].map(([type, array]) => [type, array, json] as const)].flatMap(
      ([type, array, parse]) => [
        [type, parse],
        [array, (text: string) => parseArray(text, parse)],
      ],
    ),
  )

// A JSON column parses its text by itself, and would parse a JSON string twice.
const OF_COLUMN = parsers(asIs)
const OF_SQL = parsers(JSON.parse)

/**
 * A cell as node-postgres gives it to Drizzle: numbers, booleans, bytes and arrays of those, and JSON unless the column
 * reads it by itself; all else, such as int8, numeric and times, is text.
 */
export function fromCell(cell: string | null, type: number, isColumn: boolean): unknown {
  if (cell === null) return null
  const parse = (isColumn ? OF_COLUMN : OF_SQL).get(type)
  return parse ? parse(cell) : cell
}

/** Reads the text of an array. [arrays, 8.15.6] Bounds, as in `[0:1]={1,2}`, are left out. */
function parseArray(text: string, parse: Parse): unknown[] {
  let at = text.indexOf('{')
  const list = (): unknown[] => {
    const items: unknown[] = []
    at += 1
    while (text[at] !== '}') {
      if (text[at] === '{') items.push(list())
      else if (text[at] === '"') items.push(parse(quoted()))
      else items.push(plain())
      if (text[at] === ',') at += 1
    }
    at += 1
    return items
  }
  const quoted = (): string => {
    let item = ''
    for (at += 1; text[at] !== '"'; at += 1) {
      if (text[at] === '\\') at += 1
      item += text[at]
    }
    at += 1
    return item
  }
  const plain = (): unknown => {
    const from = at
    while (text[at] !== ',' && text[at] !== '}') at += 1
    const item = text.slice(from, at)
    return item === 'NULL' ? null : parse(item)
  }
  return list()
}

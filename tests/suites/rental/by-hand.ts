import type { Filter, Preload, Sort } from '@mqttspec/protocol'

/*
 * What a read must give, from SQL that is written by hand: one statement for each list of each parent, as nobody should
 * do it, with nothing of the server in it.
 */

interface Table {
  readonly from: string
  readonly key: readonly string[]
  /** The column in the database and, where JSON has no such number, the cast to text. */
  readonly columns: Readonly<Record<string, readonly [name: string, cast?: 'text']>>
  readonly relations: Readonly<Record<string, Related>>
}

interface Related {
  readonly to: string
  readonly many?: true
  /** Columns here, and there, that are the same. */
  readonly on: Readonly<Record<string, string>>
}

export const TABLES: Readonly<Record<string, Table>> = {
  staff: {
    from: '"rental shop"."Employee"',
    key: ['employeeId'],
    columns: {
      employeeId: ['EmployeeId'],
      lastName: ['LastName'],
      title: ['Title'],
      reportsTo: ['ReportsTo'],
      hireDate: ['HireDate'],
    },
    relations: {
      manager: { to: 'staff', on: { reportsTo: 'employeeId' } },
      reports: { to: 'staff', many: true, on: { employeeId: 'reportsTo' } },
      rentals: { to: 'rentals', many: true, on: { employeeId: 'staffId' } },
    },
  },
  languages: {
    from: '"rental shop".language',
    key: ['languageId'],
    columns: { languageId: ['language_id'], name: ['name'] },
    relations: {
      films: { to: 'films', many: true, on: { languageId: 'languageId' } },
      originals: { to: 'films', many: true, on: { languageId: 'originalLanguageId' } },
    },
  },
  films: {
    from: '"rental shop".film',
    key: ['filmId'],
    columns: {
      filmId: ['film_id'],
      title: ['title'],
      releaseYear: ['release_year'],
      languageId: ['language_id'],
      originalLanguageId: ['original_language_id'],
      rentalRate: ['rental_rate', 'text'],
      rating: ['rating'],
      specialFeatures: ['special_features'],
      details: ['details'],
      lastUpdate: ['last_update'],
    },
    relations: {
      language: { to: 'languages', on: { languageId: 'languageId' } },
      originalLanguage: { to: 'languages', on: { originalLanguageId: 'languageId' } },
      filmActors: { to: 'filmActors', many: true, on: { filmId: 'filmId' } },
      rentals: { to: 'rentals', many: true, on: { filmId: 'filmId' } },
    },
  },
  actors: {
    from: '"rental shop".actor',
    key: ['actorId'],
    columns: { actorId: ['actor_id'], firstName: ['first_name'], lastName: ['last_name'] },
    relations: { filmActors: { to: 'filmActors', many: true, on: { actorId: 'actorId' } } },
  },
  filmActors: {
    from: '"rental shop".film_actor',
    key: ['actorId', 'filmId'],
    columns: { actorId: ['actor_id'], filmId: ['film_id'], billing: ['billing'] },
    relations: {
      actor: { to: 'actors', on: { actorId: 'actorId' } },
      film: { to: 'films', on: { filmId: 'filmId' } },
    },
  },
  customers: {
    from: '"rental shop".customer',
    key: ['customerId'],
    columns: { customerId: ['customer_id'], email: ['email'], active: ['active'], createDate: ['create_date'] },
    relations: {
      address: { to: 'addresses', on: { customerId: 'customerId' } },
      rentals: { to: 'rentals', many: true, on: { customerId: 'customerId' } },
    },
  },
  addresses: {
    from: '"rental shop".address',
    key: ['customerId'],
    columns: { customerId: ['customer_id'], city: ['city'] },
    relations: { customer: { to: 'customers', on: { customerId: 'customerId' } } },
  },
  rentals: {
    from: '"rental shop".rental',
    key: ['rentalId'],
    columns: {
      rentalId: ['rental_id', 'text'],
      customerId: ['customer_id'],
      filmId: ['film_id'],
      staffId: ['staff_id'],
      returnDate: ['return_date'],
    },
    relations: {
      customer: { to: 'customers', on: { customerId: 'customerId' } },
      film: { to: 'films', on: { filmId: 'filmId' } },
      staff: { to: 'staff', on: { staffId: 'employeeId' } },
    },
  },
}

/** What of a read, or of a preload, decides which rows come. */
export interface Asked {
  readonly columns?: readonly string[] | undefined
  readonly filters?: readonly Filter[] | undefined
  readonly sort?: readonly Sort[] | undefined
  readonly limit?: number | undefined
  readonly offset?: number | undefined
  readonly preload?: readonly Preload[] | undefined
}

type Row = Record<string, unknown>
/** Runs a statement and gives the rows of its only column, parsed. */
export type RunSql = (statement: string) => Promise<readonly Row[]>

export function tableOf(entity: string): Table {
  const table = TABLES[entity]
  if (!table) throw new Error(`there is no ${entity}`)
  return table
}

const quoted = (name: string): string => `"${name}"`
const literal = (value: unknown): string => (value === null ? 'null' : `'${String(value).replaceAll("'", "''")}'`)

function columnOf(table: Table, column: string): string {
  const [name] = table.columns[column] ?? []
  if (name === undefined) throw new Error(`there is no ${column}`)
  return quoted(name)
}

const COMPARES: Readonly<Record<string, string>> = { eq: '=', neq: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=' }

function filterSql(table: Table, filter: Filter): string {
  if ('and' in filter) return all(table, filter.and, ' and ')
  if ('or' in filter) return all(table, filter.or, ' or ')
  if ('not' in filter) return `not (${filterSql(table, filter.not)})`
  const { column = '', operator = '', value } = filter as { column?: string; operator?: string; value?: unknown }
  const cell = columnOf(table, column)
  if (operator === 'is_null') return `${cell} is null`
  if (operator === 'is_not_null') return `${cell} is not null`
  if (operator === 'in') return `${cell} in (${(value as unknown[]).map(literal).join(', ')})`
  if (operator === 'not_in') return `${cell} not in (${(value as unknown[]).map(literal).join(', ')})`
  if (operator === 'between_inclusive') {
    const [low, high] = value as unknown[]
    return `${cell} between ${literal(low)} and ${literal(high)}`
  }
  if (operator === 'contains') return `${literal(value)} = any(${cell})`
  return `${cell} ${COMPARES[operator]} ${literal(value)}`
}

const all = (table: Table, filters: readonly Filter[], joined: string): string =>
  filters.length === 0 ? 'true' : `(${filters.map((filter) => filterSql(table, filter)).join(joined)})`

/** The rows of an entity, as the wire has them, with those related to them. */
export async function byHand(entity: string, asked: Asked, sql: RunSql, within = 'true'): Promise<readonly Row[]> {
  const table = tableOf(entity)
  const list = Object.entries(table.columns).map(
    ([wire, [name, cast]]) => `${quoted(name)}${cast ? `::${cast}` : ''} as ${quoted(wire)}`,
  )
  const order = [
    ...(asked.sort ?? []).map(
      ({ column = '', direction = 'asc', nulls }) =>
        `${columnOf(table, column)} ${direction} ${nulls ? `nulls ${nulls}` : ''}`,
    ),
    ...table.key.map((column) => columnOf(table, column)),
  ]
  const rows = await sql(`select row_to_json(r) from (select ${list.join(', ')} from ${table.from}
    where ${within} and ${all(table, asked.filters ?? [], ' and ')} order by ${order.join(', ')}
    limit ${asked.limit ?? 100} offset ${asked.offset ?? 0}) r`)
  const shown: Row[] = []
  for (const row of rows) shown.push(await shownRow(table, row, asked, sql))
  return shown
}

async function shownRow(table: Table, row: Row, { columns, preload = [] }: Asked, sql: RunSql): Promise<Row> {
  const shown: Row = Object.fromEntries(
    Object.keys(table.columns)
      .filter((name) => !columns || columns.includes(name))
      .map((name) => [name, row[name]]),
  )
  for (const { relation, ...rest } of preload) {
    const related = table.relations[relation]
    if (!related) throw new Error(`there is no ${relation}`)
    const there = tableOf(related.to)
    const joined = Object.entries(related.on).map(([here, far]) => `${columnOf(there, far)} = ${literal(row[here])}`)
    const rows = await byHand(
      related.to,
      related.many ? rest : { ...rest, limit: 1, offset: 0 },
      sql,
      joined.join(' and '),
    )
    shown[relation] = related.many ? rows : (rows[0] ?? null)
  }
  return shown
}

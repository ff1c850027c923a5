import { describe, expect, test } from 'vitest'
import { compareValuesOf } from './compare-values.ts'

/** Values in the order that Postgres has them in, least first. */
const ORDERED: Readonly<Record<string, readonly unknown[]>> = {
  integer: [-5, 0, 2, 10],
  bigint: ['-9007199254740993', '-9007199254740992', '2', '10', '9007199254740992', '9007199254740993'],
  'numeric(40, 10)': ['-10.5', '-2', '0.0500000001', '0.051', '3', '10', '10.1'],
  'double precision': ['-Infinity', -1.5, 0, 1e300, 'Infinity', 'NaN'],
  boolean: [false, true],
  uuid: ['00000000-0000-0000-0000-000000000000', '0a000000-0000-0000-0000-000000000000'],
  date: ['1999-12-31', '2026-01-31'],
  'timestamp (6) with time zone': [
    '1999-12-31T23:59:59+00:00',
    '2026-01-31T12:00:00+00:00',
    '2026-01-31T12:00:00.000009+00:00',
    '2026-01-31T12:00:00.1+00:00',
  ],
  time: ['00:00:00', '09:30:00.5', '10:00:00', '24:00:00'],
}

describe('values of one type', () => {
  test.each(Object.entries(ORDERED))('of %s are ordered as Postgres orders them', (type, values) => {
    const compare = compareValuesOf(type)
    for (const [i, a] of values.entries()) {
      for (const [j, b] of values.entries()) expect(Math.sign(compare?.(a, b) ?? Number.NaN)).toBe(Math.sign(i - j))
    }
  })

  test('that are written in two ways are the same', () => {
    expect(compareValuesOf('numeric')?.('1.5', '1.500')).toBe(0)
    expect(compareValuesOf('timestamp')?.('2026-01-31T12:00:00', '2026-01-31T12:00:00.000')).toBe(0)
  })

  test.each(['text', 'varchar(20)', 'citext', 'jsonb', 'integer[]', 'interval', 'toString'])(
    'of %s are left to Postgres',
    (type) => expect(compareValuesOf(type)).toBeUndefined(),
  )

  test('that JavaScript cannot tell from their text are left to Postgres', () => {
    expect(compareValuesOf('timestamp')?.('infinity', '2026-01-31T12:00:00')).toBeUndefined()
    expect(compareValuesOf('date')?.('0044-03-15 BC', '2026-01-31')).toBeUndefined()
    expect(compareValuesOf('numeric')?.('NaN', '1')).toBeUndefined()
  })
})

import fc from 'fast-check'

const few = (...values: unknown[]) => fc.constantFrom(...values)
const letters = fc.string({
  unit: fc.constantFrom('a', 'A', 'b', 'B', 'ß', 'É', 'é', '%', '_', '\\', ' ', '😀', 'Z', '1'),
  maxLength: 5,
})
const moments = fc
  .date({ min: new Date('0001-01-01Z'), max: new Date('9999-12-31Z'), noInvalidDate: true })
  .map((at) => at.toISOString())
const jsonValue = fc.oneof(
  few('dark', 'Dark', 1, 1.5, -2, true, false, null, [], {}, [1, 'a'], { a: 1 }, { a: 1, b: [2] }, { theme: 'dark' }),
  fc.record({ theme: few('dark', 'light', 5, null, true), n: few(1, 2.5, '2', -3, null) }, { requiredKeys: [] }),
)
const whole = (low: number, high: number) =>
  fc.oneof(fc.integer({ min: -3, max: 3 }), few(low, high), fc.integer({ min: low, max: high }))
const bigint = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  few('9007199254740993', '-9223372036854775808', '9223372036854775807'),
)

/** Values of each column of `things`, as a client sends them; few of them, so that filters often match. */
export const VALUES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  int2: whole(-32768, 32767),
  int4: whole(-2147483648, 2147483647),
  int8: bigint,
  numeric: fc.oneof(
    few(
      '0',
      '-0',
      '1',
      '1.0',
      '1.00',
      '-1',
      '0.1',
      '.1',
      '1e3',
      '1000',
      '1e-7',
      '12345678901234567890.5',
      'NaN',
      'Infinity',
      '-Infinity',
      5,
      0.25,
    ),
    fc.integer({ min: -9, max: 9 }).map(String),
  ),
  float4: few(0, -0, 1, -1, 0.1, 0.5, 1e10, 1.1e-3, 'NaN', 'Infinity', '-Infinity', 16777217),
  float8: few(0, -0, 1, -1, 0.1, 0.5, 1e300, 5e-324, 'NaN', 'Infinity', '-Infinity', 16777217),
  bool: fc.boolean(),
  text: letters,
  varchar: letters,
  char: few('a', 'A', 'b', 'a b', 'É', '%', '', ' ', 'abcdef', 'abc   '),
  uuid: fc.oneof(few('0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0', '0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0'), fc.uuid()),
  date: fc.oneof(
    few(
      '2026-01-01',
      '2026-01-02',
      '2026-01-01T23:59:59.999Z',
      '1969-12-31T22:00:00Z',
      '2026-01-01T23:00:00-02:00',
      'infinity',
      '-infinity',
      '0001-01-01',
      '9999-12-31',
    ),
    moments.map((at) => at.slice(0, 10)),
  ),
  time: few('00:00', '00:00:00', '12:30:00.5', '12:30:00.500000', '12:30:00.500000999', '23:59:59.999999', '24:00:00'),
  timestamp: fc.oneof(few('2026-01-01', '2026-01-01T00:00:00', '2026-01-01 00:00', 'infinity', '-infinity'), moments),
  timestamptz: fc.oneof(
    few(
      '2026-01-01',
      '2026-01-01T00:00:00Z',
      '2026-01-01T02:00:00+02:00',
      '2025-12-31T19:00-05',
      '2026-01-01T05:30:00+0530',
    ),
    few('2026-01-01T00:00:00.000001Z', '2026-01-01T00:00:00.000001999Z', 'infinity', '-infinity'),
    moments,
  ),
  mood: few('sad', 'ok', 'happy'),
  json: jsonValue,
  jsonb: jsonValue,
  bytea: few('', 'AA==', 'AQID', '/w==', 'AQI='),
  ints: fc.array(few(1, 2, 3, null), { maxLength: 3 }),
  texts: fc.array(few('a', 'A', '"', '\\', 'NULL', '', ',', '{', null), { maxLength: 3 }),
  bigints: fc.array(few(1, '2', '9007199254740993', null), { maxLength: 3 }),
}

/** Patterns of `like` and its kin. */
export const PATTERNS: fc.Arbitrary<string> = fc.oneof(
  letters.filter((pattern) => (/\\*$/.exec(pattern)?.[0].length ?? 0) % 2 === 0),
  fc.constantFrom('%', '_', 'a%', '%a%', '%1', '', '__', '\\%', '%É%'),
)

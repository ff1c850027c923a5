import { decodeExactJson, decodeJson, ExactNumber, encodeJson } from '@mqttspec/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const again = (text: string) => encodeJson(decodeExactJson(text))

test('a number keeps all its digits, wherever it stands', () => {
  for (const text of [
    '{"a":9007199254740993}',
    '{"a":[1,-9007199254740993,{"b":12345678901234567890.123456789}]}',
    '{"a":"9007199254740993","b":9007199254740993,"c":"\\"9007199254740993"}',
    '{"a":0.1000000000000000055511151231257827,"b":1e400,"c":-123456789012345678901234567890}',
  ]) {
    expect(again(text)).toBe(text)
  }
})

test('a number that JavaScript has as it is stays a number', () => {
  expect(decodeExactJson('{"a":9007199254740992,"b":1.10,"c":1e3,"d":100000000000000000000.0}')).toEqual({
    a: 9007199254740992,
    b: 1.1,
    c: 1000,
    d: 1e20,
  })
})

test('to everybody else an exact number is the rounded one', () => {
  const exact = new ExactNumber('9007199254740993')
  expect(Number(exact)).toBe(9007199254740992)
  expect(`${exact}`).toBe('9007199254740993')
  expect(JSON.stringify({ exact })).toBe('{"exact":9007199254740992}')
})

test('nobody’s text becomes a number', () => {
  for (const value of ['\u0000n1', 'x"\u0000n1"', { '\u0000n1': 5 }, ['"\u0000n1"', '\u0000n9007199254740993']]) {
    const text = encodeJson(value)
    const read = JSON.parse(text)
    expect(JSON.stringify(read).replaceAll('\\u0000', '')).toBe(JSON.stringify(value).replaceAll('\\u0000', ''))
    expect(decodeExactJson(text)).toEqual(read)
  }
})

test('whatever else is read is what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const text = JSON.stringify(value)
      expect(JSON.stringify(decodeExactJson(text))).toBe(JSON.stringify(decodeJson(text)))
    }),
  )
})

test('digits are told apart as numbers, not as texts', () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: 0, max: 5 }),
      (number, zeros) => {
        const text = JSON.stringify(number)
        const padded = /[.]\d+$/.test(text) ? `${text}${'0'.repeat(zeros)}` : text
        expect(decodeExactJson(`[${padded}]`)).toEqual([Number(padded)])
      },
    ),
  )
})

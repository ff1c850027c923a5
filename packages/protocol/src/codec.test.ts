import { expect, test } from 'vitest'
import { decodeJson, encodeJson } from './codec.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const bounds = { maxJsonDepth: 4, maxJsonNodes: 10 }
const refusal = (input: Uint8Array | string) => {
  try {
    decodeJson(input, bounds)
  } catch (error) {
    return error
  }
  throw new Error('it was taken')
}

test('a message is read back as it was written', () => {
  const message = { id: 'é😀', list: [1, null, true, { a: '"\\[{' }] }
  expect(decodeJson(bytes(encodeJson(message)))).toEqual(message)
})

test('a bigint is written as a string, with all its digits', () => {
  expect(encodeJson({ id: 9_007_199_254_740_993n })).toBe('{"id":"9007199254740993"}')
})

test('a Date is written in ISO 8601', () => {
  expect(encodeJson({ at: new Date(0) })).toBe('{"at":"1970-01-01T00:00:00.000Z"}')
})

test('bytes are written as base64, however many there are', () => {
  expect(encodeJson(new Uint8Array([0, 255, 16]))).toBe('"AP8Q"')
  expect(encodeJson(new Uint8Array(0))).toBe('""')
  const many = new Uint8Array(100_000).map((_, index) => index % 251)
  expect(JSON.parse(encodeJson(many))).toBe(Buffer.from(many).toString('base64'))
})

test('Node’s own Buffer is written as base64 too', () => {
  expect(encodeJson({ value: Buffer.from([1, 2, 3]) })).toBe('{"value":"AQID"}')
})

test('numbers that JSON has no word for are written as Postgres reads them, and not as null', () => {
  expect(encodeJson([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, null])).toBe(
    '["NaN","Infinity","-Infinity",0,null]',
  )
})

test('a Date of no time is refused, and not sent as null', () => {
  const invalid = new Date('yesterday')
  expect(() => encodeJson({ data: [{ at: invalid }] })).toThrow(expect.objectContaining({ code: 'invalid_data' }))
  expect(() => encodeJson({ data: [{ at: invalid }] })).toThrow(/^at is/)
  expect(() => encodeJson(invalid)).toThrow(/^The value is/)
})

test('undefined fields are left out', () => {
  expect(encodeJson({ a: undefined, b: null })).toBe('{"b":null}')
})

test.each<[string, Uint8Array | string]>([
  ['nothing', ''],
  ['half an object', '{'],
  ['two values', '1 2'],
  ['a byte order mark', bytes('\uFEFF{}')],
  ['bytes that are no UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
  ['UTF-16', new Uint8Array(Buffer.from('{}', 'utf16le'))],
  ['half a character', new Uint8Array([0x22, 0xf0, 0x9f, 0x22])],
])('%s is refused as invalid_message', (_, input) => {
  expect(refusal(input)).toMatchObject({ code: 'invalid_message' })
})

test('what nests as deep as the bound is read, and one deeper is refused', () => {
  expect(decodeJson('[[[[1]]]]', bounds)).toEqual([[[[1]]]])
  expect(refusal('[[[[[1]]]]]')).toMatchObject({ code: 'invalid_message', message: expect.stringContaining('4') })
  expect(refusal('{"a":'.repeat(5))).toMatchObject({ message: expect.stringContaining('deeper') })
})

test('what has more values than the bound is refused', () => {
  expect(decodeJson('[1,2,3,4,5,6,7,8]', bounds)).toHaveLength(8)
  expect(refusal('[1,2,3,4,5,6,7,8,9,10,11]')).toMatchObject({ message: expect.stringContaining('more than 10') })
})

test('brackets, commas and quotes inside text count for nothing', () => {
  const text = '[[[[[[,,,,,,,,,,,,{{{{{{\\"'
  expect(decodeJson(JSON.stringify({ text }), bounds)).toEqual({ text })
})

test('a text that never ends is refused, and does not hang', () => {
  expect(refusal('["abc')).toMatchObject({ code: 'invalid_message' })
  expect(refusal('["abc\\')).toMatchObject({ code: 'invalid_message' })
})

test('without bounds, depth and size are the caller’s concern', () => {
  const deep = `${'['.repeat(100)}${']'.repeat(100)}`
  expect(JSON.stringify(decodeJson(deep))).toBe(deep)
})

test('a field named __proto__ stays a field', () => {
  const message = decodeJson('{"__proto__":{"polluted":true}}') as object
  expect(Object.hasOwn(message, '__proto__')).toBe(true)
  expect('polluted' in {}).toBe(false)
})

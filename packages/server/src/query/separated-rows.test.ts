import { describe, expect, test } from 'vitest'
import { jsonArray, wholeText } from './separated-rows.ts'

const ROWS = ['{"a":1}', '{"a":"\\u001e, é"}', '{"a":\n[2 ]}']
const FORMS = { 'a string': (text: string) => text, bytes: (text: string) => Buffer.from(text) }

for (const [form, of] of Object.entries(FORMS)) {
  describe(`rows in one text that is ${form}`, () => {
    const page = (limit: number, reverse = false): string =>
      wholeText(jsonArray(of(ROWS.join('\x1e')), { limit, more: limit < ROWS.length, reverse }))

    test('become a JSON array', () => {
      expect(page(3)).toBe(`[${ROWS.join(',')}]`)
    })

    test('leave out the row that only tells of more', () => {
      expect(page(2)).toBe(`[${ROWS.slice(0, 2).join(',')}]`)
    })

    test('can come in reverse', () => {
      expect(page(2, true)).toBe(`[${ROWS[1]},${ROWS[0]}]`)
    })

    test('are none where none are asked', () => {
      expect(page(0)).toBe('[]')
    })
  })
}

test('no rows are an empty array', () => {
  expect(jsonArray(null, { limit: 5, more: false, reverse: false })).toBe('[]')
})

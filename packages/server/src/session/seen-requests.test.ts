import { expect, test } from 'vitest'
import { hashOf } from './seen-requests.ts'

const hash = (text: string, session?: string) => hashOf(Buffer.from(text), session)

test('a message that is sent again in a renewed session has the content that it had', () => {
  const first = hash('{"session":"a.b-c","id":"1","data":{"x":1}}', 'a.b-c')
  expect(hash('{"session":"d.e","id":"1","data":{"x":1}}', 'd.e')).toBe(first)
  expect(hash('{"id":"1","data":{"x":1}}')).toBe(first)
  expect(hash('{"session":"d.e","id":"1","data":{"x":2}}', 'd.e')).not.toBe(first)
})

test('the session may stand anywhere in a message, and be written with spaces', () => {
  const last = (session: string) => hash(`{"id": "1", "session" : "${session}"}`, session)
  expect(last('a')).toBe(last('b'))
  const middle = (session: string) => hash(`{"id":"1","session":"${session}","data":{}}`, session)
  expect(middle('(a')).toBe(middle('b'))
})

test('what is too long for a session is content', () => {
  const of = (session: string) => hash(`{"session":"${session}"}`, session)
  expect(of('a'.repeat(200_000))).not.toBe(of('b'.repeat(200_000)))
})

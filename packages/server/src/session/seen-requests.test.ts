import { expect, test } from 'vitest'
import { hashOf, SeenRequests } from './seen-requests.ts'

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

test('a short id that came with other content stands for each of them, whichever comes again', async () => {
  const seen = new SeenRequests()
  let runs = 0
  const once = (id: string, hash: string) => seen.once('device', id, hash, async () => `${hash} ${++runs}`)
  expect([await once('1', 'a'), await once('1', 'b'), await once('1', 'a'), await once('1', 'b')]).toEqual([
    'a 1',
    'b 2',
    'a 1',
    'b 2',
  ])
})

test('a long id that came with other content is refused', async () => {
  const seen = new SeenRequests()
  const once = (hash: string) => seen.once('device', 'a-long-random-id', hash, async () => hash)
  expect(await once('a')).toBe('a')
  await expect(once('b')).rejects.toMatchObject({ code: 'invalid_message', details: { path: ['id'] } })
  expect(await once('a')).toBe('a')
})

import { expect, test } from 'vitest'
import {
  CLIENT_ID,
  notifyTopic,
  parseServerStatusTopic,
  parseTopic,
  requestTopic,
  responseTopic,
  serverStatusTopic,
  statusTopic,
} from './topics.ts'

test.each(['spec', 'site/a/mqttspec', 'x'])(
  'every topic of a client is read back as it was made, under %s',
  (prefix) => {
    expect(parseTopic(prefix, requestTopic(prefix, 'me'))).toEqual({ clientId: 'me', kind: 'request' })
    expect(parseTopic(prefix, responseTopic(prefix, 'me'))).toEqual({ clientId: 'me', kind: 'response' })
    expect(parseTopic(prefix, statusTopic(prefix, 'me'))).toEqual({ clientId: 'me', kind: 'status' })
    expect(parseTopic(prefix, notifyTopic(prefix, 'me', 's1'))).toEqual({
      clientId: 'me',
      kind: 'notify',
      subscriptionId: 's1',
    })
  },
)

test.each(['spec', 'site/a/mqttspec'])(
  'the status topic of a server is read back, and no other is, under %s',
  (prefix) => {
    expect(parseServerStatusTopic(prefix, serverStatusTopic(prefix, 'one'))).toBe('one')
    for (const other of [
      statusTopic(prefix, 'me'),
      serverStatusTopic(`x${prefix}`, 'one'),
      serverStatusTopic(prefix, ''),
      serverStatusTopic(prefix, 'a/b'),
      `${prefix}/$server/status`,
    ])
      expect(parseServerStatusTopic(prefix, other)).toBeUndefined()
  },
)

test('the filter for all notifications is read as one of every subscription', () => {
  expect(parseTopic('spec', notifyTopic('spec', 'me', '+'))).toMatchObject({ clientId: 'me', subscriptionId: '+' })
})

test('a topic of another prefix is none of ours, also where one prefix begins with the other', () => {
  expect(parseTopic('spec', 'spec2/me/request')).toBeUndefined()
  expect(parseTopic('spec2', 'spec/me/request')).toBeUndefined()
  expect(parseTopic('a/b', 'a/me/request')).toBeUndefined()
  expect(parseTopic('a', 'a/b/me/request')).toBeUndefined()
})

test.each([
  'spec',
  'spec/',
  'spec/me',
  'spec//request',
  'spec/me/request/more',
  'spec/me/response/more',
  'spec/me/notify',
  'spec/me/notify/',
  'spec/me/notify/s1/more',
  'spec/me/Request',
  'spec/me/constructor',
  'spec/#',
  '#',
])('%s is no topic of a client', (topic) => {
  expect(parseTopic('spec', topic)).toBeUndefined()
})

test('a server’s own topic is not read as that of a client', () => {
  const parsed = parseTopic('spec', serverStatusTopic('spec', 'one'))
  expect(parsed).toBeUndefined()
})

test('a client id that looks like a filter is found as it is, and equals no client’s', () => {
  expect(parseTopic('spec', 'spec/+/response')).toEqual({ clientId: '+', kind: 'response' })
  expect(CLIENT_ID.test('+')).toBe(false)
})

test.each(['a', 'A.b_c:d-9', 'x'.repeat(64)])('%s is a client id', (id) => {
  expect(CLIENT_ID.test(id)).toBe(true)
})

test.each(['', '+', '#', 'a/b', '$x', 'a b', 'é', 'a\0', 'a\n', 'x'.repeat(65)])('%j is no client id', (id) => {
  expect(CLIENT_ID.test(id)).toBe(false)
})

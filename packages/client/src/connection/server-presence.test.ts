import { expect, test } from 'vitest'
import { ServerPresence } from './server-presence.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const ONLINE = bytes('{"status":"online"}')
const OFFLINE = bytes('{"status":"offline"}')
const NOTHING = bytes('')

test('a server that was there before asks for nothing', () => {
  const presence = new ServerPresence()
  expect(presence.heard('a', ONLINE, true)).toBeUndefined()
})

test('a server that goes and comes, under whatever id, has forgotten this client', () => {
  const presence = new ServerPresence()
  presence.heard('a', ONLINE, true)
  expect(presence.heard('a', OFFLINE, false)).toBeUndefined()
  expect(presence.heard('a', NOTHING, false)).toBeUndefined()
  expect(presence.heard('b', ONLINE, false)).toBe('forgotten')
  expect(presence.heard('b', OFFLINE, false)).toBeUndefined()
  expect(presence.heard('b', ONLINE, false)).toBe('forgotten')
})

test('a server that comes twice was away in between', () => {
  const presence = new ServerPresence()
  presence.heard('a', ONLINE, true)
  expect(presence.heard('a', ONLINE, false)).toBe('forgotten')
})

test('a server that comes where none was is asked', () => {
  const presence = new ServerPresence()
  expect(presence.heard('a', OFFLINE, true)).toBeUndefined()
  expect(presence.heard('a', ONLINE, false)).toBe('forgotten')
})

test('of several, one more takes nothing away, and one that goes leaves the others to ask', () => {
  const presence = new ServerPresence()
  presence.heard('a', ONLINE, true)
  expect(presence.heard('b', ONLINE, false)).toBe('more')
  expect(presence.heard('a', OFFLINE, false)).toBe('forgotten')
  expect(presence.heard('a', ONLINE, false)).toBe('more')
})

test('what was heard on another link counts no more', () => {
  const presence = new ServerPresence()
  presence.heard('a', ONLINE, true)
  presence.heard('a', OFFLINE, false)
  presence.reset()
  expect(presence.heard('a', ONLINE, true)).toBeUndefined()
})

test('what is no status is as one that goes', () => {
  const presence = new ServerPresence()
  presence.heard('a', ONLINE, true)
  presence.heard('a', bytes('?'), false)
  expect(presence.heard('a', ONLINE, false)).toBe('forgotten')
})

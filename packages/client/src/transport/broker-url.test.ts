import { describe, expect, test } from 'vitest'
import { brokerUrl } from './broker-url.ts'

describe('brokerUrl', () => {
  test.each([
    ['mqtt://localhost:1883', 'mqtt://localhost:1883'],
    ['mqtts://broker.example.com', 'mqtts://broker.example.com'],
    ['tcp://10.0.0.1:1883', 'tcp://10.0.0.1:1883'],
    ['ws://localhost:1884', 'ws://localhost:1884/mqtt'],
    ['wss://example.com/', 'wss://example.com/mqtt'],
    ['wss://example.com/broker?x=1', 'wss://example.com/broker?x=1'],
    ['mqtt://[::1]:1883', 'mqtt://[::1]:1883'],
  ])('reads %s as %s', (url, href) => {
    expect(brokerUrl(url, true)).toEqual({ href })
  })

  test('takes the credentials out of the URL', () => {
    expect(brokerUrl('mqtt://ann:s%40cret@localhost', true)).toEqual({
      href: 'mqtt://localhost',
      username: 'ann',
      password: 's@cret',
    })
  })

  test('refuses TCP where there is none', () => {
    expect(() => brokerUrl('mqtt://localhost:1883', false)).toThrow('ws://')
    expect(brokerUrl('ws://localhost:1884', false).href).toBe('ws://localhost:1884/mqtt')
  })

  test.each(['', 'localhost:1883', 'http://localhost', 'not a url'])('refuses %j', (url) => {
    expect(() => brokerUrl(url, true)).toThrow(expect.objectContaining({ code: 'unavailable' }))
  })
})

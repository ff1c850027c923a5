import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { mayOpenWebSocket } from './web-socket-origin.ts'

const request = (headers: Record<string, string>, remoteAddress = '192.0.2.7'): IncomingMessage =>
  ({ headers, socket: { remoteAddress } }) as unknown as IncomingMessage

describe('the origin of a WebSocket', () => {
  it('is not asked of what is no browser', () => {
    expect(mayOpenWebSocket(request({ host: 'broker.example' }), [])).toBe(true)
  })

  it('may be a page on loopback, whatever its port', () => {
    for (const origin of ['http://localhost:5173', 'https://localhost', 'http://127.0.0.1:1', 'http://[::1]:8080']) {
      expect(mayOpenWebSocket(request({ host: 'broker.example', origin }), []), origin).toBe(true)
    }
  })

  it('may be a page of the host that is connected to, whatever its port', () => {
    const headers = { host: 'app.example:1884', origin: 'https://app.example' }
    expect(mayOpenWebSocket(request(headers), [])).toBe(true)
  })

  it('may be one that is listed, exactly', () => {
    const headers = { host: 'broker.example', origin: 'https://app.example' }
    expect(mayOpenWebSocket(request(headers), ['https://app.example'])).toBe(true)
    expect(mayOpenWebSocket(request(headers), ['https://app.example:8443', 'http://app.example'])).toBe(false)
  })

  it('may be nothing else', () => {
    for (const origin of [
      'https://evil.example',
      'http://localhost.evil.example',
      'http://evil.example#localhost',
      'http://localhost@evil.example',
      'https://notbroker.example',
      'https://broker.example.evil.example',
      'null',
      'file://',
      '',
      'localhost',
    ]) {
      expect(mayOpenWebSocket(request({ host: 'broker.example', origin }), []), origin).toBe(false)
    }
  })

  it('proves nothing by a name that resolves to this machine, unless a proxy is in between', () => {
    const headers = { host: 'evil.example:1884', origin: 'http://evil.example:1884' }
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
      expect(mayOpenWebSocket(request(headers, address), []), address).toBe(false)
      expect(mayOpenWebSocket(request({ ...headers, 'x-forwarded-for': '192.0.2.9' }, address), [])).toBe(true)
    }
  })
})

import { describe, expect, it } from 'vitest'
import { readSettings } from './settings.ts'

describe('readSettings', () => {
  it('takes the well-known ports, and PGlite in memory, when nothing is said', () => {
    const { mqtt, webSocket, page, database } = readSettings({ PORT: '' })
    expect([mqtt.port, webSocket.port, page.port, database]).toEqual([1883, 1884, 8080, undefined])
    expect([mqtt.fixed, webSocket.fixed, page.fixed]).toEqual([false, false, false])
  })

  it('fixes a port that the environment names', () => {
    expect(readSettings({ MQTT_PORT: '2883' }).mqtt).toEqual({ name: 'MQTT_PORT', port: 2883, fixed: true })
  })

  it.each(['http', '-1', '65536', '1e3'])('refuses the port %s, by the name of its variable', (text) => {
    expect(() => readSettings({ WS_PORT: text })).toThrow(/WS_PORT/)
  })
})

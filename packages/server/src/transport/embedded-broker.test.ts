import mqtt from 'mqtt'
import { describe, expect, it } from 'vitest'
import { startBroker } from './testing/start-broker.ts'
import { until } from './testing/until.ts'

describe('a request and its reply', () => {
  for (const qos of [0, 1, 2] as const) {
    it(`go through at QoS ${qos}, once each`, async () => {
      await using started = await startBroker({
        qos: { request: qos, response: qos, notification: qos },
        answer: ({ broker }, clientId, payload) => void broker.respond(clientId, `re: ${payload}`),
      })
      const client = await mqtt.connectAsync(started.url, { clientId: 'alice' })
      const replies: string[] = []
      client.on('message', (topic, payload, packet) => replies.push(`${topic} ${payload} ${packet.qos}`))
      await client.subscribeAsync('spec/alice/response', { qos: 2 })
      for (const n of [1, 2, 3]) await client.publishAsync('spec/alice/request', `${n}`, { qos })
      await until(() => replies.length >= 3, 'three replies')
      await client.endAsync()
      expect(replies).toEqual([1, 2, 3].map((n) => `spec/alice/response re: ${n} ${qos}`))
      expect(started.messages.map(({ payload }) => payload)).toEqual(['1', '2', '3'])
    })
  }
})

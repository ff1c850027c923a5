import mqttPacket from 'mqtt-packet'
import { expect, it } from 'vitest'
import { RawClient } from './testing/raw-client.ts'
import { startBroker } from './testing/start-broker.ts'
import { until } from './testing/until.ts'

it('a client that sends thousands of messages at once does not keep another one waiting until they are all read', async () => {
  await using started = await startBroker()
  await using flood = new RawClient(started.port)
  await using other = new RawClient(started.port)
  await flood.connect('flood')
  await other.connect('other')
  const message = mqttPacket.generate({
    cmd: 'publish',
    topic: 'spec/flood/request',
    payload: 'x',
    qos: 0,
    dup: false,
    retain: false,
  })
  flood.write(Buffer.concat(Array.from({ length: 10_000 }, () => message)))
  other.publish('spec/other/request', 'y', 0)
  await until(() => started.messages.length === 10_001 || undefined, 'all messages are there')
  expect(started.messages.findIndex(({ clientId }) => clientId === 'other')).toBeLessThan(1_000)
  expect(started.messages.filter(({ clientId }) => clientId === 'flood')).toHaveLength(10_000)
})

import type { MqttClient } from 'mqtt'
import { nanoid } from 'nanoid'

const PROBE_TIMEOUT_MS = 2_000

/**
 * Proves that a broker delivers to a shared subscription. Some grant it and then deliver nothing (RabbitMQ 3.10, NATS
 * 2.9): such a server would start, and never hear a request. Rejects when nothing comes.
 */
export async function proveSharedSubscriptions(client: MqttClient, topic: string): Promise<void> {
  const filter = `$share/${nanoid(12)}/${topic}`
  let timer: NodeJS.Timeout | undefined
  let heard: (receivedTopic: string) => void = () => {}
  const arrived = new Promise<void>((resolve, reject) => {
    heard = (receivedTopic) => receivedTopic === topic && resolve()
    timer = setTimeout(
      reject,
      PROBE_TIMEOUT_MS,
      new Error('it takes shared subscriptions and delivers nothing to them'),
    )
  })
  client.on('message', heard)
  try {
    await client.subscribeAsync(filter, { qos: 1 })
    await Promise.all([client.publishAsync(topic, 'probe', { qos: 1 }), arrived])
    await client.unsubscribeAsync(filter)
  } finally {
    clearTimeout(timer)
    client.off('message', heard)
  }
}

import type { CheckedOptions } from '../listen-options.ts'
import { EmbeddedBroker } from './embedded-broker.ts'
import { ExternalBroker } from './external-broker.ts'
import type { Transport } from './transport.ts'

/** The transport that the options ask for. */
export function createTransport({ broker = {}, topicPrefix, qos, limits, logger }: CheckedOptions): Transport {
  const shared = { topicPrefix, qos, maxRequestBytes: limits.maxRequestBytes, logger }
  return 'url' in broker ? new ExternalBroker(broker, shared) : new EmbeddedBroker(broker, shared)
}

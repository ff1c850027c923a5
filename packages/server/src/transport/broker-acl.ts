import { CLIENT_ID, parseTopic, responseTopic, serverStatusTopic, statusTopic } from '@mqttspec/protocol'

/** What a client may hear: its own replies, its own notifications (`'+'` for all), or that a server came or went. */
export type Hearing =
  | { readonly kind: 'response' }
  | { readonly kind: 'notify'; readonly subscriptionId: string }
  | { readonly kind: 'server-status' }

/** Reads whole segments, so that a client id that looks like a filter gains nothing. Everything else is refused. */
export class BrokerAcl {
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** May a client have this id? [MQTT-3.1.3-5] lets a server be stricter than the longest it must accept. */
  isClientId(clientId: string): boolean {
    return CLIENT_ID.test(clientId)
  }

  /** What a client may publish under this topic; undefined for anything that is not its own to say. */
  publishing(clientId: string, topic: string): 'request' | 'status' | undefined {
    const parsed = parseTopic(this.#prefix, topic)
    if (parsed?.clientId !== clientId) return undefined
    return parsed.kind === 'request' || parsed.kind === 'status' ? parsed.kind : undefined
  }

  /** May this be the topic of the client's will? A will anywhere else would speak when its sender cannot be asked. */
  mayWill(clientId: string, topic: string): boolean {
    return topic === statusTopic(this.#prefix, clientId)
  }

  /** What a client would hear under this filter; undefined when it must not. Wildcards only where they are listed. */
  hearing(clientId: string, filter: string): Hearing | undefined {
    if (filter === responseTopic(this.#prefix, clientId)) return { kind: 'response' }
    if (this.#isServerStatus(filter)) return { kind: 'server-status' }
    const parsed = parseTopic(this.#prefix, filter)
    if (parsed?.kind !== 'notify' || parsed.clientId !== clientId) return undefined
    const subscriptionId = parsed.subscriptionId ?? ''
    return subscriptionId === '+' || CLIENT_ID.test(subscriptionId) ? { kind: 'notify', subscriptionId } : undefined
  }

  #isServerStatus(filter: string): boolean {
    const [start = '', end = ''] = serverStatusTopic(this.#prefix, '+').split('+')
    if (!filter.startsWith(start) || !filter.endsWith(end)) return false
    const serverId = filter.slice(start.length, -end.length)
    return serverId === '+' || CLIENT_ID.test(serverId)
  }
}

/** The first part of every topic unless both sides were told another. */
export const DEFAULT_TOPIC_PREFIX = 'spec'

/** What a client id looks like: no `/`, no wildcard, nothing that a topic filter could read differently. */
export const CLIENT_ID = /^[A-Za-z0-9_.:-]{1,64}$/

/** Where a client publishes its messages. */
export const requestTopic = (prefix: string, clientId: string): string => `${prefix}/${clientId}/request`

/** Where the server answers a client. */
export const responseTopic = (prefix: string, clientId: string): string => `${prefix}/${clientId}/response`

/** Where the server tells a client of one subscription; with `'+'` as the id, the filter for all of them. */
export const notifyTopic = (prefix: string, clientId: string, subscriptionId: string): string =>
  `${prefix}/${clientId}/notify/${subscriptionId}`

/** Where a client's birth and last will go, for presence behind an external broker. */
export const statusTopic = (prefix: string, clientId: string): string => `${prefix}/${clientId}/status`

/** Where a server tells, retained, that it came or went; with `'+'` as the id, the filter for all servers. */
export const serverStatusTopic = (prefix: string, serverId: string): string => `${prefix}/$server/${serverId}/status`

/** The id of the server whose status topic this is; undefined when it is none. */
export function parseServerStatusTopic(prefix: string, topic: string): string | undefined {
  const [start = '', end = ''] = serverStatusTopic(prefix, '+').split('+')
  if (!topic.startsWith(start) || !topic.endsWith(end)) return undefined
  const id = topic.slice(start.length, topic.length - end.length)
  return id === '' || id.includes('/') ? undefined : id
}

/** A topic of the protocol, taken apart. `subscriptionId` is there for `notify` only. */
export interface ParsedTopic {
  readonly clientId: string
  readonly kind: 'request' | 'response' | 'notify' | 'status'
  readonly subscriptionId?: string
}

/**
 * Takes a topic (or a filter of one client's topics) apart, by whole segments; undefined when it is none of the
 * protocol's. The client id is as found: compare it for equality with the one that is connected.
 */
export function parseTopic(prefix: string, topic: string): ParsedTopic | undefined {
  if (!topic.startsWith(`${prefix}/`)) return undefined
  const [clientId, kind, subscriptionId, ...rest] = topic.slice(prefix.length + 1).split('/')
  if (!clientId || rest.length > 0) return undefined
  if (kind === 'notify') return subscriptionId ? { clientId, kind, subscriptionId } : undefined
  if (subscriptionId !== undefined) return undefined
  return kind === 'request' || kind === 'response' || kind === 'status' ? { clientId, kind } : undefined
}

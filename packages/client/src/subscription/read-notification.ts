import { decodeJson, type Notification } from '@mqttspec/protocol'

/** Reads what came on a notify topic; undefined when it is no notification. */
export function readNotification(payload: Uint8Array): Notification | undefined {
  const message = decodeJson(payload) as Partial<Notification> | null
  if (message?.type !== 'notification') return undefined
  if (typeof message.subscription_id !== 'string' || typeof message.seq !== 'number') return undefined
  return message as Notification
}

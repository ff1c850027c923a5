import type { Notification } from '@mqttspec/protocol'
import { readMessage } from '../read-message.ts'

/** Reads what came on a notify topic; undefined when it is no notification. */
export function readNotification(payload: Uint8Array): Notification | undefined {
  const message = readMessage(payload)
  if (message?.type !== 'notification') return undefined
  if (typeof message.subscription_id !== 'string' || typeof message.seq !== 'number') return undefined
  return message as unknown as Notification
}

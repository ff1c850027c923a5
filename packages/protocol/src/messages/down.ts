import * as z from 'zod/mini'
import { notification } from './notification.ts'
import { pong } from './pong.ts'
import { response } from './response.ts'

/** Everything a server may send. */
export const down = z.discriminatedUnion('type', [response, pong, notification])

export type Down = z.infer<typeof down>

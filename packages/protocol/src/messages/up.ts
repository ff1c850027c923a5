import * as z from 'zod/mini'
import { connect } from './connect.ts'
import { ping } from './ping.ts'
import { request } from './request.ts'
import { subscription } from './subscription.ts'

/** Everything a client may send. */
export const up = z.discriminatedUnion('type', [request, subscription, connect, ping])

export type Up = z.infer<typeof up>

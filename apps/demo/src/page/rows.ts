import type { Client } from '@mqttspec/client'
import type { ShapeOf } from '@mqttspec/protocol'
import type { api } from '../api.ts'

type Shape = ShapeOf<typeof api>

/** The rows as they are on the wire, inferred from the schema. */
export type Device = Shape['devices']['row']
export type Reading = Shape['readings']['row']
export type User = Shape['users']['row']

/** The typed client of the page. */
export type Spec = Client<typeof api>

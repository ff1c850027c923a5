import type { ShapeOf, SpecClient } from '@mqttspec/client'
import type { api } from './api.ts'

type Shape = ShapeOf<typeof api>

/** A typed client of this server. */
export type Spec = SpecClient<Shape>

/** The rows as they are on the wire, inferred from the schema. */
export type Device = Shape['devices']['row']
export type Reading = Shape['readings']['row']
export type User = Shape['users']['row']

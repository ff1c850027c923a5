import type { SpecShape } from '@mqttspec/protocol'

/** The name of an entity. */
export type EntityName<Shape extends SpecShape> = keyof Shape & string

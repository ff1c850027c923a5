import { defineSpec } from '@mqttspec/server'
import * as schema from './schema.ts'

/** The whole backend: three tables of the schema, behind MQTT. The page and the devices import only its type. */
export const api = defineSpec({ schema }).entity('users').entity('devices').entity('readings')

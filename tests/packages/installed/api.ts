import { defineSpec } from '@mqttspec/server'
// `.js`, as Node's own resolution wants it of what is compiled.
import * as schema from './schema.js'

export const api = defineSpec({ schema }).entity('notes')

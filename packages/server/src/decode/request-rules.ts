import type { Limits } from '@mqttspec/protocol'
import type { Access } from '../access/access.ts'
import type { Registry } from '../entity/registry.ts'

/** What a request is checked against: what there is, how much of it at once, and what of it is for who asks. */
export interface RequestRules {
  readonly registry: Registry
  readonly limits: Limits
  readonly access: Access
  /** The data has been through the server's own hooks, which may set what a client may not. */
  readonly trusted?: boolean
}

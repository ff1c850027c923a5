import type { Entity } from '../entity/entity.ts'
import type { Logger } from '../logger.ts'
import type { LocalSettings } from '../query/local-settings.ts'

/** What `session` of a spec returns: settings of Postgres by name, such as `{ 'app.tenant': 7 }`. */
export type SessionSettings = Readonly<Record<string, string | number | bigint | boolean>>

const NAME = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)+$/

/**
 * Checks what `session` returned. Throws on a name that is no name of a setting of the user's own, and on a value that
 * is none: a policy that goes by a setting must not meet an empty one by mistake.
 */
export function checkSettings(returned: unknown): LocalSettings {
  if (typeof returned !== 'object' || returned === null || Array.isArray(returned)) {
    throw new Error(`session returned ${String(returned)}: it returns settings by name, such as { 'app.tenant': '7' }`)
  }
  if ('then' in returned)
    throw new Error('session returned a promise: what it needs of a client, authenticate finds out')
  return Object.entries(returned).map(([name, value]) => {
    if (!NAME.test(name) || name.startsWith('mqttspec.')) {
      throw new Error(`session names "${name}": settings have a prefix of your own, such as app.tenant`)
    }
    if (!['string', 'number', 'bigint', 'boolean'].includes(typeof value)) {
      throw new Error(
        `session gives ${name} the value ${value === null ? 'null' : typeof value}: it is a text, a number or a boolean`,
      )
    }
    return [name, String(value)]
  })
}

/** Says that policies of Postgres bound what is read and written, and not what subscribers are told. */
export function warnOfPolicies(entities: Iterable<Entity>, logger: Logger): void {
  const without = [...entities].filter(({ rules }) => !rules.scope && rules.allow?.subscribe !== false)
  if (without.length === 0) return
  logger.warn(
    { cannotBeSubscribedTo: without.map(({ name }) => name) },
    'session: row-level security bounds reads and writes; subscriptions are bounded by `scope` only, and need one',
  )
}

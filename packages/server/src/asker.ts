import { SpecError, type Up } from '@mqttspec/protocol'
import { Access } from './access/access.ts'
import { checkSettings } from './access/check-settings.ts'
import type { BindDrizzle } from './db/bound-drizzle.ts'
import type { Database } from './db/database.ts'
import { withSettings } from './db/with-settings.ts'
import type { Registry } from './entity/registry.ts'
import { hookClient } from './hooks/hook-client.ts'
import type { Hooks } from './hooks/hooks.ts'
import { RowHooks } from './hooks/row-hooks.ts'
import type { LocalSettings } from './query/local-settings.ts'
import { type Identifier, NOBODY } from './session/identity.ts'
import type { SessionTokens } from './session/session-token.ts'
import type { Session, Sessions } from './session/sessions.ts'

/** Who asks one thing: its session, what it may, and the hooks with what they need to know of it. */
export interface Asker {
  readonly session: Session
  readonly access: Access
  readonly hooks: RowHooks
  /** Under which every statement of it runs, if the spec has a `session`. */
  readonly settings: LocalSettings | undefined
  /** The database under these settings. */
  readonly database: Database
}

/** Where askers are known from. */
export interface AskerSteps {
  readonly sessions: Sessions
  readonly identifier: Identifier
  readonly tokens: SessionTokens
  readonly isExternal: boolean
  readonly hooks: Hooks
  readonly registry: Registry
  readonly database: Database
  /** What hooks have as their database, over ours or in one of its transactions. */
  readonly bindDrizzle: BindDrizzle
  /** The settings of Postgres under which the statements of a client run. */
  readonly settingsOf: ((auth: never) => unknown) | undefined
}

/** What it takes to run hooks for somebody. */
export type HookSteps = Pick<AskerSteps, 'hooks' | 'registry' | 'database' | 'bindDrizzle' | 'settingsOf'>

/** Who a message is from. Throws `unauthorized`. */
export function askerOf(message: Up, clientId: string, steps: AskerSteps): Asker {
  return askerIn(sessionOf(message, clientId, steps), steps, message.id)
}

/** The client of a session, as one that asks; `request` is the id of what it asks, if it asks at all. */
export function askerIn(session: Session, steps: HookSteps, request?: string): Asker {
  return { session, ...meansOf(session, session.identity.auth, steps, request) }
}

/** What a client may, the hooks with what they need to know of it, and its database. It may have no session yet. */
export function meansOf(
  { clientId, metadata }: Pick<Session, 'clientId' | 'metadata'>,
  auth: unknown,
  steps: HookSteps,
  request?: string,
): Omit<Asker, 'session'> {
  const { hooks, registry, bindDrizzle } = steps
  const settings = steps.settingsOf && checkSettings(steps.settingsOf(auth as never))
  const database = withSettings(steps.database, settings)
  const access = new Access(auth, settings !== undefined)
  const client = hookClient(clientId, metadata)
  const db = () => bindDrizzle(database)
  return {
    access,
    settings,
    database,
    hooks: new RowHooks({ hooks, registry, access, client, about: { clientId, request }, db }),
  }
}

/** The steps of a path over the database of who asks. */
export function stepsOf<Steps extends { readonly database: Database }>({ database }: Asker, steps: Steps): Steps {
  return database === steps.database ? steps : { ...steps, database }
}

/** Who connected under this id; behind an external broker, who the message's session says. */
function sessionOf({ session: token }: Up, clientId: string, steps: AskerSteps): Session {
  const { sessions, identifier, tokens } = steps
  if (!steps.isExternal || !identifier.asks) return sessions.find(clientId) ?? sessions.open(clientId, NOBODY)
  const identity = tokens.verify(clientId, token)
  const session = sessions.open(clientId, identity)
  if (session.identity.principal === identity.principal) return session
  throw new SpecError('unauthorized', 'This client id is another one’s.')
}

import { createHmac, timingSafeEqual } from 'node:crypto'
import { decodeJson, SpecError } from '@mqttspec/protocol'
import type { Identity } from './identity.ts'

/** How long a session token holds where nothing ends it before. */
const LIFE_MS = 60 * 60 * 1_000

/**
 * Signs who a client is, for brokers behind which the server does not see connections: the token then stands in each
 * message, and holds for the client id that it was made for, and for nobody else.
 */
export class SessionTokens {
  readonly #secret: Uint8Array

  constructor(secret: Uint8Array) {
    this.#secret = secret
  }

  /** A token, and when it ends, in milliseconds since 1970. */
  issue(clientId: string, identity: Identity): { readonly token: string; readonly expiresAt: number } {
    const expiresAt = Math.min(identity.expiresAt ?? Number.POSITIVE_INFINITY, Date.now() + LIFE_MS)
    const body = Buffer.from(JSON.stringify({ clientId, ...identity, expiresAt })).toString('base64url')
    return { token: `${body}.${this.#sign(body)}`, expiresAt }
  }

  /** Who a message is from. Throws `unauthorized`. */
  verify(clientId: string, token: string | undefined): Identity {
    if (token === undefined)
      throw unauthorized('Say who you are first: send "connect", then its session in each message.')
    const [body = '', signature = ''] = token.split('.')
    const expected = Buffer.from(this.#sign(body))
    const given = Buffer.from(signature)
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      throw unauthorized('The session is not one of this server.')
    const claims = decodeJson(Buffer.from(body, 'base64url')) as Identity & { clientId: string; expiresAt: number }
    if (claims.clientId !== clientId) throw unauthorized('The session is of another client.')
    if (claims.expiresAt <= Date.now()) throw unauthorized('The session has ended; send "connect" again.')
    return claims
  }

  #sign(body: string): string {
    return createHmac('sha256', this.#secret).update(body).digest('base64url')
  }
}

const unauthorized = (message: string) => new SpecError('unauthorized', message)

import { SpecError } from '@mqttspec/protocol'
import type { ClientCertificate } from '../client-certificate.ts'
import type { IdentityAttempts } from './identity-attempts.ts'
import { isLoopback, networkOf } from './network-of.ts'
import type { StandardSchema } from './standard-schema.ts'

/** What a client says of itself, as `authenticate` sees it. */
export interface Credentials {
  readonly clientId: string
  readonly username: string | undefined
  readonly password: string | undefined
  /** The password; or the username, where the password is empty. */
  readonly token: string | undefined
  readonly remoteAddress: string | undefined
  /**
   * The client's TLS certificate, where the embedded broker asks for one (`tls: { ca, requestCert: true }`) and an
   * authority that it trusts has signed it.
   */
  readonly certificate: ClientCertificate | undefined
}

/** Tells who a client is. Throws, or returns nothing, for one that may not come in. */
export type Authenticate = (credentials: Credentials) => unknown

/** Who a client is. */
export interface Identity {
  readonly auth: unknown
  /** Whose client ids and queued messages these are. */
  readonly principal: string
  /** When the identity ends, in milliseconds since 1970: the `exp` of a JWT. */
  readonly expiresAt: number | undefined
}

export interface IdentifierOptions {
  readonly authenticate: Authenticate | undefined
  readonly authSchema: StandardSchema | undefined
  /** Names the principal of an `auth`; by default its `sub`, `userId`, `user_id` or `id`, else all of it. */
  readonly principal: ((auth: never) => string) | undefined
  readonly timeoutMs: number
  readonly attempts: IdentityAttempts
}

/** The user name beside which the SDK sends a token. */
const TOKEN = 'token'

/** A client that was never asked who it is. */
export const NOBODY: Identity = { auth: undefined, principal: '', expiresAt: undefined }

/** Finds out who clients are. */
export class Identifier {
  readonly #options: IdentifierOptions

  constructor(options: IdentifierOptions) {
    this.#options = options
  }

  /** Are clients asked who they are at all? */
  get asks(): boolean {
    return this.#options.authenticate !== undefined
  }

  /** Who this client is. Rejects with `auth_error`, after a while where many were wrong; or with `rate_limited`. */
  async identify(credentials: Omit<Credentials, 'token'>): Promise<Identity> {
    const { authenticate, attempts } = this.#options
    if (!authenticate) return NOBODY
    const { clientId, password, remoteAddress } = credentials
    // Behind an external broker, or on a connection that is there, nobody's address is known but its client id.
    const address = remoteAddress === undefined ? `of ${clientId}` : networkOf(remoteAddress)
    const isShared = remoteAddress !== undefined && isLoopback(remoteAddress)
    // Beside a token, a name is that of everybody; without a password, it is the token itself.
    const username = password && credentials.username !== TOKEN ? credentials.username : undefined
    return attempts.run({ address, isShared, username }, () => this.#identity(authenticate, credentials))
  }

  /** Who a client in this process is: the form of `auth` is checked, and nobody is asked. Rejects with `auth_error`. */
  async vouchFor(claims: unknown): Promise<Identity> {
    if (!this.#options.authenticate) return NOBODY
    const auth = await this.#checked(claims)
    return { auth, principal: this.#principalOf(auth), expiresAt: undefined }
  }

  async #identity(authenticate: Authenticate, credentials: Omit<Credentials, 'token'>): Promise<Identity> {
    const token = credentials.password || credentials.username
    const claims = await this.#inTime(async () => authenticate({ ...credentials, token }))
    if (claims === undefined || claims === null || claims === false) throw refused()
    const auth = await this.#checked(claims)
    const expiresAt = expiryOf(claims)
    if (expiresAt !== undefined && expiresAt <= Date.now()) throw refused()
    return { auth, principal: this.#principalOf(auth), expiresAt }
  }

  async #inTime(run: () => Promise<unknown>): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new SpecError('auth_error', 'It took too long to check who you are.')),
        this.#options.timeoutMs,
      )
    })
    try {
      return await Promise.race([run(), late])
    } catch (error) {
      // Of what a user's own code throws, only the words of a plain Error may travel.
      if (error instanceof SpecError) throw error
      const isPlain = error instanceof Error && error.constructor === Error
      throw new SpecError('auth_error', isPlain ? error.message : refused().message, undefined, error)
    } finally {
      clearTimeout(timer)
    }
  }

  async #checked(claims: unknown): Promise<unknown> {
    const { authSchema: schema } = this.#options
    if (!schema) return claims
    const result = await schema['~standard'].validate(claims)
    if (!result.issues) return result.value
    throw new SpecError('auth_error', refused().message, undefined, result.issues)
  }

  #principalOf(auth: unknown): string {
    const { principal } = this.#options
    if (principal) return String(principal(auth as never))
    if (typeof auth !== 'object' || auth === null) return JSON.stringify(auth) ?? ''
    const claims = auth as Record<string, unknown>
    const named = ['sub', 'userId', 'user_id', 'id'].find((name) => claims[name] !== undefined)
    return JSON.stringify(named === undefined ? claims : claims[named])
  }
}

const refused = () => new SpecError('auth_error', 'The credentials were refused.')

function expiryOf(claims: unknown): number | undefined {
  const exp = typeof claims === 'object' && claims !== null && 'exp' in claims ? claims.exp : undefined
  return typeof exp === 'number' ? exp * 1_000 : undefined
}

import type { Logger } from './logger.ts'

const REDACTED = '[redacted]'
/** What is under one of these names is a secret, or a value that may be one: of a statement, or of a row that it is about. */
const SECRET = /^(password|pass|pwd|token|session|secret|authorization|cookie|params|parameters|args|detail|where)$/i
const MAX_DEPTH = 6
/** A shorter one would be found in words that have nothing to do with it. */
const MIN_SECRET = 4

/**
 * A logger that writes no secret: nothing under a name such as `password` or `token`, wherever it stands in the facts,
 * and no values that an error of a driver or of Drizzle carries. Errors stay errors, for loggers that know them.
 */
export function redacting(logger: Logger): Logger {
  return {
    info: (facts, message) => logger.info(redact(facts), message),
    warn: (facts, message) => logger.warn(redact(facts), message),
    error: (facts, message) => logger.error(redact(facts), message),
  }
}

/** A copy of facts without what is secret; `secrets` are texts that nothing in it may hold, unless they are too short. */
export function redact<Facts extends object>(facts: Facts, secrets: readonly string[] = []): Facts {
  return copy(
    facts,
    secrets.filter(({ length }) => length >= MIN_SECRET),
    0,
  ) as Facts
}

function copy(value: unknown, secrets: readonly string[], depth: number): unknown {
  if (typeof value === 'string') return withoutSecrets(value, secrets)
  if (typeof value !== 'object' || value === null) return value
  if (depth === MAX_DEPTH || value instanceof Uint8Array) return REDACTED
  if (value instanceof Error) return copyOfError(value, secrets, depth)
  if (Array.isArray(value)) return value.map((item) => copy(item, secrets, depth + 1))
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  return Object.fromEntries(entriesOf(value, secrets, depth))
}

function copyOfError(error: Error, secrets: readonly string[], depth: number): Error {
  const shown: Error = Object.create(Object.getPrototypeOf(error))
  const hidden = { configurable: true, writable: true, enumerable: false }
  const text = (value: unknown) => withoutSecrets(withoutParams(String(value ?? '')), secrets)
  Object.defineProperty(shown, 'message', { ...hidden, value: text(error.message) })
  Object.defineProperty(shown, 'stack', { ...hidden, value: text(error.stack) })
  if (error.cause !== undefined)
    Object.defineProperty(shown, 'cause', { ...hidden, value: copy(error.cause, secrets, depth + 1) })
  const more = Object.fromEntries(entriesOf(error, secrets, depth).filter(([name]) => name !== 'cause'))
  return Object.assign(shown, more)
}

function entriesOf(value: object, secrets: readonly string[], depth: number): [string, unknown][] {
  return Object.entries(value).map(([name, child]) => [
    name,
    SECRET.test(name) && child !== undefined ? REDACTED : copy(child, secrets, depth + 1),
  ])
}

const withoutSecrets = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((shown, secret) => shown.replaceAll(secret, REDACTED), text)

/** The message of Drizzle's error ends with the values of the statement. */
const withoutParams = (text: string): string => text.replace(/\nparams: [^\n]*/g, '')

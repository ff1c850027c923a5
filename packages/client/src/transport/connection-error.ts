import { isSpecError, SpecError } from '@mqttspec/protocol'

/** What a failed attempt to connect means, from what the socket or the broker said. [MQTT-3.2.2.3] */
export function connectionError(cause: unknown, href: string): SpecError {
  if (isSpecError(cause)) return cause
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
  if (code === 4) return new SpecError('auth_error', 'The broker refused the credentials.', undefined, cause)
  if (code === 5) return new SpecError('auth_error', 'The broker lets this client not in.', undefined, cause)
  if (code === 2) return new SpecError('forbidden', 'The broker refused the client id.', undefined, cause)
  const why = cause instanceof Error && cause.message ? `: ${cause.message}` : ''
  return new SpecError('unavailable', `No broker answers at ${href}${why}.`, undefined, cause)
}

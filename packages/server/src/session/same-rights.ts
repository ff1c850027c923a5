/** What a token says of itself, and not of who holds it. */
const OF_TOKENS = new Set(['exp', 'iat', 'nbf', 'jti'])

/** May who is known by the one do what who is known by the other may? A renewed token alone changes nothing. */
export function sameRights(before: unknown, now: unknown): boolean {
  const text = (auth: unknown) => JSON.stringify(auth, (name, value) => (OF_TOKENS.has(name) ? undefined : value))
  return text(before) === text(now)
}

import { DrizzleQueryError } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { redact, redacting } from './redacting-logger.ts'

const CANARY = 'canary-5ecret'

/** All that a logger could find in facts, however deep it looks. */
function everything(value: unknown): string {
  if (value instanceof Error) {
    const { message, stack, cause } = value
    return [message, stack, everything(cause), everything({ ...value })].join(' ')
  }
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([name, child]) => `${name}=${everything(child)}`)
    .join(' ')
}

test('what stands under the name of a secret is not shown, however deep', () => {
  const facts = {
    clientId: 'a',
    password: CANARY,
    credentials: { Token: CANARY, list: [{ session: CANARY }] },
    err: Object.assign(new Error('no', { cause: { password: CANARY } }), { authorization: CANARY }),
  }
  const shown = redact(facts)
  expect(everything(shown)).not.toContain(CANARY)
  expect(shown).toMatchObject({ clientId: 'a', password: '[redacted]', credentials: { Token: '[redacted]' } })
  expect(facts.password).toBe(CANARY)
})

test('values of statements are not shown: those of Drizzle, and those that a driver repeats', () => {
  const driver = Object.assign(new Error('duplicate key'), {
    detail: `Key (code)=(${CANARY})`,
    parameters: [CANARY],
    code: '23505',
  })
  const shown = redact({ err: new DrizzleQueryError('insert into t values ($1)', [CANARY], driver) })
  expect(everything(shown)).not.toContain(CANARY)
  expect(shown.err).toBeInstanceOf(DrizzleQueryError)
  expect(shown.err.message).toBe('Failed query: insert into t values ($1)')
  expect(shown.err.cause).toMatchObject({ message: 'duplicate key', code: '23505' })
})

test('a text that is known to be secret is shown nowhere, not even in the words of an error', () => {
  const shown = redact({ err: new Error(`bad token ${CANARY}`), note: `x${CANARY}y` }, [CANARY, ''])
  expect(everything(shown)).not.toContain(CANARY)
  expect(shown).toMatchObject({ note: 'x[redacted]y', err: { message: 'bad token [redacted]' } })
})

test('facts that go round in a circle end', () => {
  const round: Record<string, unknown> = { password: CANARY }
  round.self = round
  expect(everything(redact(round))).not.toContain(CANARY)
})

test('each level goes on to the logger behind it', () => {
  const lines: unknown[] = []
  const write = (facts: object, message: string) => void lines.push([facts, message])
  const logger = redacting({ info: write, warn: write, error: write })
  logger.info({ token: CANARY }, 'i')
  logger.warn({}, 'w')
  logger.error({ at: new Date(0) }, 'e')
  expect(lines).toEqual([
    [{ token: '[redacted]' }, 'i'],
    [{}, 'w'],
    [{ at: new Date(0) }, 'e'],
  ])
})

import { readdirSync, readFileSync } from 'node:fs'
import { DEFAULT_LIMITS, isSpecError } from '@mqttspec/protocol'
import { expect, test } from 'vitest'
import { seededRandom } from '../transport/testing/seeded-random.ts'
import { parseMessage } from './parse-message.ts'

const folder = new URL('../../../protocol/vectors/', import.meta.url)

/** Every message in the vectors, valid and not, as bytes. */
const corpus = readdirSync(folder).flatMap((file) =>
  messagesIn(JSON.parse(readFileSync(new URL(file, folder), 'utf8'))),
)

function messagesIn(value: unknown): Buffer[] {
  if (typeof value !== 'object' || value === null) return []
  const own = 'message' in value ? [Buffer.from(JSON.stringify(value.message))] : []
  return [...own, ...Object.values(value).flatMap(messagesIn)]
}

/** Pieces that parsers stumble over. */
const PIECES = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\\',
  '\0',
  '\\ud800',
  '1e999',
  '-0',
  'null',
  '"__proto__":',
  '\ufeff',
]
  .map((piece) => Buffer.from(piece))
  .concat(Buffer.from([0xff]), Buffer.from([0xc0, 0x80]), Buffer.alloc(40, '['))

/** Inputs of a round, and how long they may take: the time is what counts on a slow machine. The gate has one round. */
const INPUTS = Number(process.env.FUZZ_INPUTS ?? 1_000_000)
const BUDGET_MS = 30_000
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 1)
const rounds = { repeats: ROUNDS - 1, timeout: 60_000 }

test('fault F22: a million mutated messages are each read or refused, none throws, and none takes long', rounds, () => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000)
  const random = seededRandom(seed)
  const below = (end: number) => Math.floor(random() * end)
  const pick = <T>(of: readonly T[], fallback: T): T => of[below(of.length)] ?? fallback
  const mutate = (input: Buffer): Buffer => {
    const at = below(input.length + 1)
    const end = Math.min(input.length, at + below(12))
    switch (below(5)) {
      case 0:
        return Buffer.concat([input.subarray(0, at), pick(PIECES, input), input.subarray(end)])
      case 1:
        return Buffer.concat([input.subarray(0, at), input.subarray(end)])
      case 2: {
        const other = pick(corpus, input)
        return Buffer.concat([input.subarray(0, at), other.subarray(below(other.length))])
      }
      case 3:
        return Buffer.concat([input.subarray(0, end), input.subarray(at)])
      default: {
        const copy = Buffer.from(input)
        if (copy.length > 0) copy[below(copy.length)] = below(256)
        return copy
      }
    }
  }
  expect(corpus.length).toBeGreaterThan(50)
  const startedAt = performance.now()
  let [count, read, slowestMs, last] = [0, 0, 0, startedAt]
  while (count < INPUTS && last - startedAt < BUDGET_MS) {
    let input = pick(corpus, Buffer.alloc(0))
    for (let times = below(4); times > 0; times -= 1) input = mutate(input)
    const parsed = parseMessage(input, DEFAULT_LIMITS)
    if ('message' in parsed) read += 1
    else if (!isSpecError(parsed.error)) throw new Error(`seed ${seed}: ${input.toString('base64')}`)
    count += 1
    const now = performance.now()
    slowestMs = Math.max(slowestMs, now - last)
    last = now
  }
  console.log(`${count} inputs, ${read} of them read, seed ${seed}, the slowest took ${slowestMs.toFixed(1)} ms`)
  expect(count).toBeGreaterThan(Math.min(INPUTS, 50_000) - 1)
  expect(read).toBeGreaterThan(0)
  expect(read).toBeLessThan(count)
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  // A pause of the whole machine is in it too; one input by itself takes microseconds.
  expect(slowestMs).toBeLessThan(1_000)
})

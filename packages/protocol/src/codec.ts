import { SpecError } from './errors/spec-error.ts'
import { ExactNumber, isRounded } from './exact-number.ts'

/** Before an exact number in a text that is being written or read: what no text of Postgres begins with. */
const EXACT = '\u0000n'
/** The same as JSON has it. */
const EXACT_IN_JSON = '"\\u0000n'

/** How deep and how large a message may be before it is read. */
export interface JsonBounds {
  readonly maxJsonDepth: number
  readonly maxJsonNodes: number
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads one message: the only place where JSON is parsed.
 *
 * The text is scanned for depth and size first, so that neither a deep nor a wide message costs more than its length.
 * Throws `invalid_message`.
 */
export function decodeJson(bytes: Uint8Array | string, bounds?: JsonBounds): unknown {
  let text: string
  try {
    text = typeof bytes === 'string' ? bytes : utf8.decode(bytes)
  } catch {
    throw new SpecError('invalid_message', 'The message is not UTF-8; send JSON in UTF-8.')
  }
  if (bounds) checkBounds(text, bounds)
  try {
    return JSON.parse(text)
  } catch {
    throw new SpecError('invalid_message', 'The message is not JSON; send one JSON object.')
  }
}

/** Numbers with so many digits, or an exponent, may be rounded; a string of digits is none. */
const MAY_BE_ROUNDED = /[:,[]\s*-?\d(?:[\d.]{15}|[\d.]*[eE])/
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g

/**
 * Reads JSON that a database has written, with all the digits of every number: one that a JavaScript number would round
 * becomes an `ExactNumber`. Throws as `decodeJson`.
 */
export function decodeExactJson(text: string): unknown {
  if (!MAY_BE_ROUNDED.test(text) || text.includes(EXACT_IN_JSON)) return decodeJson(text)
  let found = false
  const marked = text.replace(TOKEN, (token) => {
    if (token.startsWith('"') || !isRounded(token)) return token
    found = true
    return `${EXACT_IN_JSON}${token}"`
  })
  if (!found) return decodeJson(text)
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(EXACT) ? new ExactNumber(value.slice(EXACT.length)) : value,
  )
}

const QUOTE = 34
const BACKSLASH = 92

function checkBounds(text: string, bounds: JsonBounds): void {
  let depth = 0
  let nodes = 1
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === QUOTE) index = endOfString(text, index)
    else if (code === 0x7b || code === 0x5b) {
      nodes++
      if (++depth > bounds.maxJsonDepth) throw tooLarge(`nests deeper than ${bounds.maxJsonDepth}`)
    } else if (code === 0x7d || code === 0x5d) depth--
    else if (code === 0x2c && ++nodes > bounds.maxJsonNodes)
      throw tooLarge(`has more than ${bounds.maxJsonNodes} values`)
  }
}

function endOfString(text: string, start: number): number {
  let index = start + 1
  while (index < text.length) {
    const code = text.charCodeAt(index)
    if (code === QUOTE) return index
    index += code === BACKSLASH ? 2 : 1
  }
  return index
}

const tooLarge = (how: string) => new SpecError('invalid_message', `The message ${how}; send less at once.`)

/**
 * Writes one message. What JSON lacks goes in the wire's own form: bigint as a string, Date as ISO 8601, bytes as
 * base64, and numbers that are none as `"NaN"`, `"Infinity"`, `"-Infinity"`, as Postgres reads them. Undefined fields
 * are left out. An `ExactNumber` keeps its digits. Throws `invalid_data` for a Date that is none.
 */
export function encodeJson(value: unknown): string {
  const text = JSON.stringify(value, wireValue)
  return text?.includes(EXACT_IN_JSON) ? text.replace(WRITTEN, '$1') : text
}

/** An exact number in a text that was written: nothing else, whatever a text of somebody looks like. */
const WRITTEN = /"\\u0000n(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"(?!:)/g

function wireValue(this: unknown, key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') {
    const exact = (this as Readonly<Record<string, unknown>>)[key]
    if (exact instanceof ExactNumber) return `${EXACT}${exact.text}`
    return Number.isFinite(value) ? value : String(value)
  }
  // Somebody's own text that would be taken for an exact number: it loses what makes it one.
  if (typeof value === 'string') return value.startsWith(EXACT) ? value.slice(1) : value
  if (typeof value !== 'object' && typeof value !== 'string') return value
  // JSON.stringify has asked for toJSON() by now: a Buffer came as an object of numbers, a Date as a string or null.
  const original = (this as Readonly<Record<string, unknown>>)[key]
  if (original instanceof Uint8Array) return base64(original)
  if (value === null && original instanceof Date) {
    throw new SpecError('invalid_data', `${key || 'The value'} is a Date of no time; check it, or send null.`)
  }
  return value
}

/** Bytes as base64, as the wire carries bytea. */
function base64(bytes: Uint8Array): string {
  let binary = ''
  for (let start = 0; start < bytes.length; start += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 0x8000))
  }
  return btoa(binary)
}

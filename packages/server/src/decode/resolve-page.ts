import { type Limits, SpecError } from '@mqttspec/protocol'
import type { Path } from '../query/condition.ts'
import { codeAt } from './explain-issues.ts'

/** How many rows, and after how many. A limit above the server's is lowered; an offset above it is refused. */
export function resolvePage(
  { limit, offset = 0 }: { readonly limit?: number | undefined; readonly offset?: number | undefined },
  limits: Limits,
  path: Path,
): { readonly limit: number; readonly offset: number } {
  if (offset > limits.maxOffset) {
    const at = [...path, 'offset']
    throw new SpecError(codeAt(at), `The offset is at most ${limits.maxOffset}; use a cursor.`, { path: at })
  }
  return { limit: Math.min(limit ?? limits.defaultLimit, limits.maxLimit), offset }
}

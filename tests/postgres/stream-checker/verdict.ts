import type { Event, Row, Subscriber } from './subscriber.ts'
import type { Asked } from './writer.ts'

/** One line of the checker's own log, in the order of the rows' locks. */
export interface Audited {
  readonly old: Row | null
  readonly new: Row | null
}

/** What is wrong with what writers were told: nothing, of all that is well. */
export function ofWrites(asked: readonly Asked[], audit: readonly Audited[]): readonly string[] {
  const wrong: string[] = []
  const applied = new Map<string, number>()
  for (const { old, new: row } of audit) {
    if (row && row.op !== old?.op) applied.set(row.op, (applied.get(row.op) ?? 0) + 1)
  }
  const known = new Set(asked.map(({ op }) => op))
  for (const [op, times] of applied) {
    if (times > 1) wrong.push(`applied-twice: ${op} ${times} times`)
    if (!known.has(op)) wrong.push(`unexpected-write: ${op}`)
  }
  for (const { op, kind, outcome } of asked) {
    if (kind === 'delete') continue
    // One that was refused is tried anew when it comes again, and may have been carried out then.
    if (outcome === 'acknowledged' && !applied.has(op)) wrong.push(`lost-ack: ${op}`)
  }
  const deletes = asked.filter(({ kind }) => kind === 'delete')
  const acknowledged = deletes.filter(({ outcome }) => outcome === 'acknowledged').length
  const open = deletes.length - acknowledged
  const happened = audit.filter(({ new: row }) => !row).length
  if (happened < acknowledged || happened > acknowledged + open) {
    wrong.push(`deletes: ${happened} happened, ${acknowledged} of ${deletes.length} were acknowledged`)
  }
  return wrong
}

/** What is wrong with what a subscriber was told, and with the rows that it has at the end. */
export function ofSubscriber(
  subscriber: Subscriber,
  audit: readonly Audited[],
  rows: readonly Row[],
): readonly string[] {
  const wrong = [...subscriber.wrong]
  const { mode, tenant, filter, events } = subscriber
  const sees = (row: Row | null) => row !== null && row.tenant === tenant && filter.holds(row)
  const expected = new Map<string, number>()
  const told = new Map<string, number>()
  const count = (into: Map<string, number>, name: string) => into.set(name, (into.get(name) ?? 0) + 1)
  for (const { old, new: row } of audit) {
    if (sees(old) || sees(row)) count(expected, nameOf(old, row, sees(row)))
  }
  for (const event of events) count(told, nameOfEvent(event))
  for (const [name, times] of told) {
    if (!expected.has(name)) wrong.push(`phantom-event: ${name}`)
    else if (mode === 'since' && times > (expected.get(name) ?? 0)) wrong.push(`repeat: ${name} ${times} times`)
  }
  // Of one who had to begin anew it is not known which it should have had.
  if (subscriber.isWhole) {
    for (const [name, times] of expected) if ((told.get(name) ?? 0) < times) wrong.push(`missed-event: ${name}`)
  }
  wrong.push(...ofOrder(events, mode))
  const has = JSON.stringify([...subscriber.rows.values()].sort(byId))
  const should = JSON.stringify([...rows].sort(byId))
  if (has !== should) wrong.push(`rows: it has ${has}, and should have ${should}`)
  return wrong
}

const byId = (a: Row, b: Row) => (a.id < b.id ? -1 : 1)

/** A name for what happened to a row, as a subscriber can tell it: its version then, or that it was deleted. */
function nameOf(old: Row | null, row: Row | null, isIn: boolean): string {
  if (!row) return `delete ${old?.id}`
  return `${isIn ? 'in' : 'out'} ${JSON.stringify([row.id, row.inc, row.ver, row.op, row.grp, row.status])}`
}

function nameOfEvent({ operation, change, key, data }: Event): string {
  if (operation === 'delete') return `delete ${key}`
  const { id, inc, ver, op, grp, status } = data
  return `${change === 'leave' ? 'out' : 'in'} ${JSON.stringify([id, inc, ver, op, grp, status])}`
}

/** The versions of one life of a row only rise. */
function ofOrder(events: readonly Event[], mode: Subscriber['mode']): readonly string[] {
  if (mode !== 'since') return []
  const last = new Map<string, number>()
  return events.flatMap(({ operation, data }) => {
    if (operation === 'delete') return []
    const life = `${data.id}/${data.inc}`
    const before = last.get(life) ?? 0
    last.set(life, data.ver)
    return data.ver > before ? [] : [`row-order: ${life} went from ${before} to ${data.ver}`]
  })
}

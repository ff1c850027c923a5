import { encodeJson } from '@mqttspec/protocol'
import { equalJson } from '../../column/json-kinds.ts'
import type { Subscription } from '../../session/subscription.ts'
import type { Change, Row } from '../change.ts'
import type { Meaning } from '../match/classify.ts'
import { keyOf } from './encode-notification.ts'

/** What has become of one row, as a change of its own, and what that means to the subscription. */
export interface NetChange {
  readonly change: Change
  readonly meaning: Meaning
}

interface Net {
  /** The row before all of it. */
  readonly first: Row | undefined
  /** What the row was when it was in the set last. */
  held: Row | undefined
  /** Was it ever out of the set? */
  wasOut: boolean
  readonly changed: Set<string>
  row: Row | undefined
  last: Change
}

/**
 * What has become of a subscription's rows, however often they have changed in between. It holds for a client that has
 * been told of all of it up to any point: what it acknowledges may get lost, and it has more then than is known. So a
 * row that has come and gone is told to have gone, and one that is as it was, but was not in between, is told as it is.
 */
export class NetChanges {
  readonly #subscription: Pick<Subscription, 'entity' | 'matches' | 'columns'>
  readonly #byKey = new Map<string, Net>()

  constructor(subscription: Pick<Subscription, 'entity' | 'matches' | 'columns'>) {
    this.#subscription = subscription
  }

  /** How many rows there are. */
  get size(): number {
    return this.#byKey.size
  }

  /** Takes the next change. One of a key is the end of one row and the beginning of another. */
  add(change: Change): void {
    const { entity } = this.#subscription
    const [was, is] = [change.old, change.new].map((row) => row && encodeJson(keyOf(entity, row)))
    if (was !== undefined) this.#put(was, change, change.old, was === is ? change.new : undefined)
    if (is !== undefined && is !== was) this.#put(is, change, undefined, change.new)
  }

  /** One change of each row that the client may have otherwise, the one that changed last at the end; without a place. */
  *all(): Generator<NetChange> {
    for (const net of this.#byKey.values()) {
      const { first, held, row, last } = net
      const meaning = this.#meaningOf(net)
      if (!meaning) continue
      const operation = !row ? 'delete' : first ? 'update' : 'create'
      const old = meaning.change === 'leave' ? held : first
      yield { change: { entity: last.entity, operation, old, new: row, timestamp: last.timestamp }, meaning }
    }
  }

  #meaningOf({ first, held, wasOut, changed, row }: Net): Meaning | undefined {
    if (!held) return undefined
    if (!row || !this.#has(row)) return { change: 'leave', row: held }
    if (!this.#has(first)) return { change: 'enter', row }
    const columns = wasOut ? this.#subscription.columns.map(({ name }) => name) : [...changed]
    return columns.length > 0 ? { change: 'update', row, changed: columns } : undefined
  }

  #put(key: string, change: Change, old: Row | undefined, row: Row | undefined): void {
    const wasIn = this.#has(old)
    const net = this.#byKey.get(key) ?? {
      first: old,
      held: wasIn ? old : undefined,
      wasOut: !wasIn,
      changed: new Set<string>(),
      row,
      last: change,
    }
    // The one that changed last at the end.
    this.#byKey.delete(key)
    this.#byKey.set(key, net)
    net.row = row
    net.last = change
    if (!row || !this.#has(row)) {
      net.wasOut = true
      return
    }
    net.held = row
    for (const { name } of this.#subscription.columns) if (!equalJson(old?.[name], row[name])) net.changed.add(name)
  }

  #has(row: Row | undefined): boolean {
    return row !== undefined && this.#subscription.matches.test(row) === true
  }
}

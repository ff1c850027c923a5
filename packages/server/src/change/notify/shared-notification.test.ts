import { decodeJson } from '@mqttspec/protocol'
import { integer, jsonb, pgTable, primaryKey, serial, text } from 'drizzle-orm/pg-core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CatalogTable } from '../../db/catalog.ts'
import { buildEntity } from '../../entity/build-entity.ts'
import { EVERY_ROW } from '../../query/condition.ts'
import type { Subscription } from '../../session/subscription.ts'
import type { Payload } from '../../transport/transport.ts'
import type { Change, Row } from '../change.ts'
import { ChangeMeanings } from '../match/change-meanings.ts'
import { SubscriptionIndex } from '../match/subscription-index.ts'
import { encodeNotification } from './encode-notification.ts'
import { SharedNotification } from './shared-notification.ts'

const jobs = pgTable('jobs', { id: serial().primaryKey(), tenant: integer(), note: text(), facts: jsonb() })
const parts = pgTable('parts', { tenant: integer(), id: integer(), note: text(), facts: jsonb() }, (table) => [
  primaryKey({ columns: [table.tenant, table.id] }),
])
const facts = { unique: false, indexed: false, collation: 'C', folding: 'ascii' } as const
const table: CatalogTable = {
  columns: new Map(['id', 'tenant', 'note', 'facts'].map((name) => [name, facts])),
  constraints: new Map(),
  uniques: [],
  foreignKeys: [],
}
const source = { schema: { jobs, parts }, wireNames: 'property', casing: undefined } as const
const catalog = new Map([
  ['public.jobs', table],
  ['public.parts', table],
])
const entities = (['jobs', 'parts'] as const).map((schemaKey) =>
  buildEntity(source, { schemaKey, options: {} }, catalog),
)
const entity = fc.constantFrom(...entities)

const row: fc.Arbitrary<Row> = fc.record({
  id: fc.constantFrom(1, 1, 2),
  tenant: fc.constantFrom(1, 2, null),
  note: fc.option(fc.string({ unit: 'binary' })),
  facts: fc.jsonValue() as fc.Arbitrary<unknown>,
})
const textOf = (payload: Payload): string =>
  typeof payload === 'string' || payload instanceof Uint8Array ? String(payload) : Buffer.concat(payload).toString()

test('what is shared by many is byte for byte what each would be sent alone', () => {
  const wanted = fc.record({ tenant: fc.constantFrom(1, 2), some: fc.option(fc.nat()), previous: fc.boolean() })
  let shared = 0
  fc.assert(
    fc.property(
      entity,
      fc.option(row),
      fc.option(row),
      fc.array(wanted, { minLength: 1, maxLength: 12 }),
      fc.boolean(),
      (of, old, now, all, placed) => {
        const change: Change = {
          entity: of,
          operation: old ? (now ? 'update' : 'delete') : 'create',
          old: old ?? undefined,
          new: now ?? undefined,
          timestamp: '2026-01-01T00:00:00Z',
          ...(placed && { place: { pos: 1n, xid: 1n, at: 'abcdefgh.1', look: 1 } }),
        }
        const index = new SubscriptionIndex()
        for (const [id, { tenant, some, previous }] of all.entries()) {
          const columns = of.visibleColumns.filter((_, place) => some === null || (some >> place) % 2 === 0)
          const inScope = { test: (each: Row) => each.tenant === tenant }
          const own = { id: `"${id}`, entity: of, matches: { test: () => true }, inScope, previous }
          index.add(
            { ...own, columns: some === null ? of.visibleColumns : columns } as unknown as Subscription,
            EVERY_ROW,
          )
        }
        const meanings = new ChangeMeanings(change)
        const notification = new SharedNotification(change)
        const bodies = new Set<unknown>()
        let sent = 0
        for (const group of index.find(change)) {
          const membership = meanings.in(group)
          for (const subscription of membership ? group.members() : []) {
            for (const meaning of membership ? meanings.of(membership, subscription.columns) : []) {
              const payload = notification.encoder(meaning, subscription)(++sent)
              expect(textOf(payload)).toBe(encodeNotification(change, meaning, subscription, sent))
              expect(decodeJson(textOf(payload))).toMatchObject({ seq: sent, subscription_id: subscription.id })
              bodies.add((payload as readonly Uint8Array[])[1])
            }
          }
        }
        shared += sent - bodies.size
      },
    ),
    { numRuns: 500 },
  )
  expect(shared).toBeGreaterThan(500)
})

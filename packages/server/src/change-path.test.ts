import { integer, pgTable, serial } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { type Change, changeOf } from './change/change.ts'
import { RowTests } from './change/match/row-tests.ts'
import { SubscriptionIndex } from './change/match/subscription-index.ts'
import { Notifier } from './change/notify/notifier.ts'
import { ChangePath, type ChangeSteps } from './change-path.ts'
import type { CatalogTable } from './db/catalog.ts'
import { buildEntity } from './entity/build-entity.ts'
import { EVERY_ROW } from './query/condition.ts'
import type { Subscription } from './session/subscription.ts'
import { bytesOf, type Payload, type Transport } from './transport/transport.ts'

const jobs = pgTable('jobs', { id: serial().primaryKey(), size: integer() })
const facts = { unique: false, indexed: false, collation: 'C', folding: 'ascii' } as const
const table: CatalogTable = {
  columns: new Map(['id', 'size'].map((name) => [name, facts])),
  constraints: new Map(),
  uniques: [],
  foreignKeys: [],
}
const source = { schema: { jobs }, wireNames: 'property', casing: undefined } as const
const entity = buildEntity(source, { schemaKey: 'jobs', options: {} }, new Map([['public.jobs', table]]))
const created = (id: number): Change => changeOf(entity, undefined, { id, size: 1 })

/** A path whose every notification takes so long, and what has come of it: by subscription, the keys that it was told. */
function pathOf(notifyMs: number, more: Partial<ChangeSteps> = {}) {
  const told = new Map<string, number[]>()
  const transport = {
    isListening: () => true,
    async notify(_client: string, id: string, payload: Payload) {
      const endsAt = performance.now() + notifyMs
      while (performance.now() < endsAt);
      const text = typeof payload === 'string' ? payload : Buffer.concat([payload].flat() as Uint8Array[]).toString()
      expect(bytesOf(payload)).toBe(Buffer.byteLength(text))
      told.set(id, [...(told.get(id) ?? []), (JSON.parse(text) as { key: number }).key])
    },
  } as unknown as Transport
  const index = new SubscriptionIndex()
  const notifier = new Notifier(transport)
  const log: unknown[] = []
  const logger = { info() {}, warn() {}, error: (of: object) => void log.push(of) }
  const steps = { index, notifier, logger, pendingReplies: () => undefined, isMasked: () => false, ...more }
  const path = new ChangePath({ ...steps, mask: async (shown) => shown } as ChangeSteps)
  const subscribe = (id: string): Subscription => {
    const test = new RowTests().of(EVERY_ROW)
    const own = { id, clientId: `client of ${id}`, entity, columns: entity.visibleColumns }
    const subscription = {
      ...own,
      matches: test,
      inScope: test,
      previous: false,
      from: undefined,
    } as unknown as Subscription
    index.add(subscription, EVERY_ROW)
    notifier.begin(subscription)
    notifier.begun(subscription, undefined)
    notifier.answered(subscription)
    return subscription
  }
  const end = (subscription: Subscription) => {
    index.remove(subscription)
    notifier.end(subscription)
  }
  return { path, told, subscribe, end, log, stop: () => notifier.stop() }
}

test('what concerns few is told at once', () => {
  const { path, told, subscribe } = pathOf(0)
  subscribe('a')
  expect(path.tell([created(1), created(2)])).toBeUndefined()
  expect(told.get('a')).toEqual([1, 2])
})

test('what concerns many is told over several turns, in order, and meanwhile who comes or ends is respected', async () => {
  const { path, told, subscribe, end } = pathOf(0.2)
  const subscriptions = Array.from({ length: 400 }, (_, n) => subscribe(`${n}`))
  const first = path.tell([created(1), created(2)])
  expect(first).toBeInstanceOf(Promise)
  expect(told.size).toBeLessThan(400)
  const last = subscriptions.at(-1)
  if (last) end(last)
  subscribe('late')
  const second = path.tell([created(3)])
  let afterwards: number | undefined
  path.afterwards(() => {
    afterwards = told.get('0')?.length
  })
  const fourth = path.tell([created(4)])
  expect(afterwards).toBeUndefined()
  await first
  expect(told.get('398')).toEqual([1, 2])
  await Promise.all([second, fourth, path.told()])
  expect(afterwards).toBe(3)
  for (let n = 0; n < 399; n++) expect(told.get(`${n}`)).toEqual([1, 2, 3, 4])
  expect(told.get('399')).toBeUndefined()
  expect(told.get('late')).toEqual([3, 4])
})

test('what is told waits for the reply to a write of the same client, and nobody else does', async () => {
  let replied = (): void => {}
  const reply = new Promise<void>((resolve) => {
    replied = resolve
  })
  const { path, told, subscribe } = pathOf(0, {
    pendingReplies: (clientId) => (clientId === 'client of a' ? reply : undefined),
  })
  subscribe('a')
  subscribe('b')
  path.tell([created(1)])
  path.tell([created(2)])
  await new Promise(setImmediate)
  expect([told.get('a'), told.get('b')]).toEqual([undefined, [1, 2]])
  replied()
  await new Promise(setImmediate)
  expect(told.get('a')).toEqual([1, 2])
})

test('where hooks look at what is told, each is told what they leave for it, in order', async () => {
  const { path, told, subscribe } = pathOf(0, { isMasked: () => true })
  subscribe('a')
  subscribe('b')
  path.tell([created(1), created(2)])
  expect(told.size).toBe(0)
  await new Promise(setImmediate)
  expect([told.get('a'), told.get('b')]).toEqual([
    [1, 2],
    [1, 2],
  ])
})

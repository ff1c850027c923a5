import type { Preload } from '@mqttspec/protocol'
import type { Meta, RelationMeta } from '../operations/meta.ts'
import { rowOptions } from '../options/row-options.ts'
import type { SubscriptionEvent } from '../subscription/event.ts'
import type { LooseLive } from './live-steps.ts'

type Row = Readonly<Record<string, unknown>>

/** An entity whose rows stand in others: of its changes, those that may show. */
export interface WatchedEntity {
  readonly entity: string
  /** May it show in these rows? */
  concerns(event: SubscriptionEvent, rows: readonly Row[]): boolean
}

/** The entities whose rows are read along, each once. */
export async function watchedEntities(
  entity: string,
  call: LooseLive,
  metaOf: (entity: string) => Promise<Meta>,
): Promise<readonly WatchedEntity[]> {
  const found = new Map<string, Set<RelationMeta | 'any'>>()
  const visit = async (from: string, preloads: readonly Preload[], isFirst: boolean) => {
    if (preloads.length === 0) return
    const { related } = await metaOf(from)
    for (const { relation, preload = [] } of preloads) {
      const leads = related[relation]
      // One that is not there is the read's to refuse.
      if (!leads) continue
      const ways = found.get(leads.entity) ?? new Set()
      found.set(leads.entity, ways.add(isFirst && leads.on.length > 0 ? leads : 'any'))
      await visit(leads.entity, preload, false)
    }
  }
  await visit(entity, (rowOptions(call).preload ?? []) as readonly Preload[], true)
  return [...found].map(([name, ways]) => ({
    entity: name,
    concerns: (event, rows) => [...ways].some((way) => way === 'any' || mayConcern(event, rows, way)),
  }))
}

/** Does the row that changed stand, or did it stand, under one of these by this relation? Where unknown, it may. */
function mayConcern(event: SubscriptionEvent, rows: readonly Row[], relation: RelationMeta): boolean {
  if (event.type === 'reset') return true
  if (event.type === 'ready') return false
  const standsUnder = (child: Row) => rows.some((row) => isUnder(child, row, relation))
  if (event.type === 'enter') return standsUnder(event.data)
  if (event.previous === undefined) return true
  return standsUnder(event.previous) || (event.type === 'update' && standsUnder(event.data))
}

// The values of two columns of like types may differ in form: "5" of a bigint, and 5.
const isUnder = (child: Row, row: Row, { on }: RelationMeta): boolean =>
  on.every(([here, there]) => row[here] === undefined || String(row[here]) === String(child[there]))

import type { Preload } from '@mqttspec/protocol'
import { columnOptions, filterOptions } from './filter-options.ts'
import { type SortLike, sortToWire } from './sort-to-wire.ts'

/** What of each row a call asks for, as loosely typed as it runs. */
export interface LooseRow {
  readonly columns?: readonly string[] | undefined
  readonly omitColumns?: readonly string[] | undefined
  readonly computed?: readonly string[] | undefined
  readonly with?: Readonly<Record<string, LooseWith>> | undefined
  readonly preload?: readonly unknown[] | undefined
}

/** What of one relation a call asks for. */
export type LooseWith =
  | true
  | undefined
  | (LooseRow & {
      readonly where?: object | undefined
      readonly filters?: readonly unknown[] | undefined
      readonly sort?: SortLike | readonly SortLike[] | undefined
      readonly limit?: number | undefined
      readonly offset?: number | undefined
    })

/** `columns`, `computed` and `with` of a call as the wire spells them. */
export function rowOptions(call: LooseRow) {
  const preload = [...((call.preload ?? []) as readonly Preload[]), ...withToPreload(call.with)]
  return {
    ...columnOptions(call),
    computedColumns: call.computed?.map((name) => ({ name })),
    preload: preload.length > 0 ? preload : undefined,
  }
}

function withToPreload(relations: LooseRow['with'] = {}): object[] {
  return Object.entries(relations).flatMap(([relation, options]) => {
    if (options === undefined) return []
    if (options === true) return { relation }
    const { limit, offset, sort } = options
    const { columns, omit_columns, preload } = rowOptions(options)
    const filters = filterOptions(options, ['with', relation, 'where'])
    return { relation, columns, omit_columns, filters, sort: sort && sortToWire(sort), limit, offset, preload }
  })
}

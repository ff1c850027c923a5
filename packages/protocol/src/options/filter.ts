import * as z from 'zod/mini'

/** One comparison. `column` may be a path into a JSON column, `prefs.theme`; `operator` in any case and spelling. */
export interface FilterCondition {
  column: string
  operator: string
  value?: unknown
  /** In a flat list: `OR` joins this filter to the one before it. */
  logic_operator?: string | undefined
}

/** A filter of the wire: one comparison, or a group of filters. Groups nest as deep as the limits allow. */
export type Filter =
  | FilterCondition
  | { and: Filter[]; logic_operator?: string | undefined }
  | { or: Filter[]; logic_operator?: string | undefined }
  | { not: Filter; logic_operator?: string | undefined }

const logicOperator = z.optional(z.string().check(z.regex(/^(and|or)$/i, 'Use "AND" or "OR".')))

/** One comparison. */
export const filterCondition = z.strictObject({
  column: z.string(),
  operator: z.string(),
  value: z.optional(z.unknown()),
  logic_operator: logicOperator,
})

const filters = z.lazy(() => z.array(filter))

/** One filter or group; a list of them is ANDed, but for `logic_operator`. */
export const filter: z.ZodMiniType<Filter> = z.union([
  filterCondition,
  z.strictObject({ and: filters, logic_operator: logicOperator }),
  z.strictObject({ or: filters, logic_operator: logicOperator }),
  z.strictObject({ not: z.lazy(() => filter), logic_operator: logicOperator }),
]) as z.ZodMiniType<Filter>

/** The list of an `options.filters`. */
export const filterList = z.array(filter)

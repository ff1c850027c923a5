import { type Filter, whereToFilters } from '@mqttspec/protocol'

/** `where` and `filters` of a call as the wire's filters; undefined when there are none. */
export function filterOptions(options: {
  readonly where?: object | undefined
  readonly filters?: readonly unknown[] | undefined
}): Filter[] | undefined {
  const { where, filters = [] } = options
  // The wire's own come first: an OR among them joins what is before it, which must not be a condition of `where`.
  const all = [...(filters as readonly Filter[]), ...(where ? whereToFilters(where) : [])]
  return all.length > 0 ? all : undefined
}

/** `columns` and `omitColumns` of a call as the wire spells them. */
export function columnOptions(options: {
  readonly columns?: readonly string[] | undefined
  readonly omitColumns?: readonly string[] | undefined
}): { columns: readonly string[] | undefined; omit_columns: readonly string[] | undefined } {
  return { columns: options.columns, omit_columns: options.omitColumns }
}

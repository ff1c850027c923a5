import { type Filter, type NamedExpression, whereToFilters } from '@mqttspec/protocol'

/** `where` and `filters` of a call as the wire's filters; undefined when there are none. */
export function filterOptions(
  options: { readonly where?: object | undefined; readonly filters?: readonly unknown[] | undefined },
  path: readonly string[] = ['where'],
): Filter[] | undefined {
  const { where, filters = [] } = options
  // The wire's own come first: an OR among them joins what is before it, which must not be a condition of `where`.
  const all = [...(filters as readonly Filter[]), ...(where ? whereToFilters(where, path) : [])]
  return all.length > 0 ? all : undefined
}

/** Operators of the server's own, as a call has them. */
export type LooseOperators = Readonly<Record<string, unknown>> | readonly NamedExpression[]

/** `operators` of a call as the wire has them. */
export function operatorOptions(operators: LooseOperators | undefined): readonly NamedExpression[] | undefined {
  if (operators === undefined || isList(operators)) return operators
  return Object.entries(operators).map(([name, value]) => ({ name, value }))
}

const isList = (operators: LooseOperators): operators is readonly NamedExpression[] => Array.isArray(operators)

/** `columns` and `omitColumns` of a call as the wire spells them. */
export function columnOptions(options: {
  readonly columns?: readonly string[] | undefined
  readonly omitColumns?: readonly string[] | undefined
}): { columns: readonly string[] | undefined; omit_columns: readonly string[] | undefined } {
  return { columns: options.columns, omit_columns: options.omitColumns }
}

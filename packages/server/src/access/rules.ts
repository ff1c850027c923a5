/** A filter as a scope gives it: in the typed form of `where`; or true for every row, false for none. */
export type ScopeResult = object | boolean

/** Something that is allowed, forbidden, or depends on who asks. */
export type Permission = boolean | ((auth: unknown) => boolean)

/** What can be allowed. */
export type Operation = 'read' | 'create' | 'update' | 'delete' | 'subscribe'

/** Who may do what with one entity, as it was registered. */
export interface AccessRules {
  readonly scope?: ((auth: unknown) => ScopeResult) | undefined
  readonly allow?: Readonly<Partial<Record<Operation, Permission>>> | undefined
  /** Columns that the server sets on each new row, by wire name. */
  readonly stamp?: Readonly<Record<string, (auth: unknown) => unknown>> | undefined
}

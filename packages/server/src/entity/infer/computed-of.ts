import type { CustomWire } from './wire-value.ts'

/** Computed columns as `.entity()` takes them, by the wire types of their `sql<T>`. */
export type ComputedOf<Computed> = {
  readonly [Name in keyof Computed]: Computed[Name] extends (...given: never) => {
    readonly _: { readonly type: infer Data }
  }
    ? ComputedWire<Data>
    : unknown
}

type ComputedWire<Data> = unknown extends Data ? unknown : Data extends null ? null : CustomWire<Data>

import { SpecError } from '@mqttspec/protocol'
import { changeOptions, createOptions, type LooseChange, type LooseCreate } from './write.ts'

/** A value of an earlier write, where another write of the same batch needs it. */
class BatchReference {
  readonly owner: BatchWrites
  readonly #place: readonly [index: number, column: string]

  constructor(owner: BatchWrites, place: readonly [index: number, column: string]) {
    this.owner = owner
    this.#place = place
  }

  toJSON() {
    return { $ref: this.#place }
  }
}

/** One write, or several that were asked for at once, and what the results of the batch make of it. */
class BatchWrite {
  readonly #owner: BatchWrites
  readonly #index: number
  readonly valueIn: (results: readonly unknown[]) => unknown

  constructor(owner: BatchWrites, index: number, valueIn: (results: readonly unknown[]) => unknown) {
    this.#owner = owner
    this.#index = index
    this.valueIn = valueIn
  }

  ref(column: string): BatchReference {
    return new BatchReference(this.#owner, [this.#index, column])
  }
}

/** Collects the writes of one batch, in their order. */
export class BatchWrites {
  readonly operations: object[] = []

  create(entity: string, data: unknown, call: LooseCreate = {}): BatchWrite {
    return this.#add({ operation: 'create', entity, data, options: createOptions(call) })
  }

  update(entity: string, key: unknown, data?: unknown, call: LooseChange = {}): BatchWrite {
    return Array.isArray(key)
      ? this.#add({ operation: 'update', entity, data: key })
      : this.#add({ operation: 'update', entity, record_id: key, data, options: changeOptions(call) })
  }

  delete(entity: string, key: unknown, call: LooseChange = {}): BatchWrite {
    const index = this.operations.length
    const keys: readonly unknown[] = Array.isArray(key) ? key : [key]
    const options = changeOptions(call)
    // Many are as many operations: in a list each would have to name the column of its key.
    for (const each of keys) this.#add({ operation: 'delete', entity, record_id: each, options })
    return new BatchWrite(this, index, () => (Array.isArray(key) ? keys.length : undefined))
  }

  /** What was built, with the value of each write in its place. */
  outcome(form: unknown, results: readonly unknown[]): unknown {
    if (form instanceof BatchWrite) return form.valueIn(results)
    if (Array.isArray(form)) return form.map((item) => this.outcome(item, results))
    if (!isPlain(form)) return form
    return Object.fromEntries(Object.entries(form).map(([name, item]) => [name, this.outcome(item, results)]))
  }

  #add(operation: object): BatchWrite {
    this.#checkReferences(operation)
    const index = this.operations.push(operation) - 1
    return new BatchWrite(this, index, (results) => results[index])
  }

  // In another batch the same place is another write.
  #checkReferences(value: unknown): void {
    if (value instanceof BatchReference && value.owner !== this) {
      throw new SpecError('invalid_data', 'A reference leads to a write of its own batch.')
    }
    if (Array.isArray(value)) for (const item of value) this.#checkReferences(item)
    else if (isPlain(value)) for (const item of Object.values(value)) this.#checkReferences(item)
  }
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

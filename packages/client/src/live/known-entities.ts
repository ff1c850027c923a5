import type { Meta } from '../operations/meta.ts'

/** What entities are made of: asked once for each, for as long as the same server is there. */
export class KnownEntities {
  readonly #ask: (entity: string) => Promise<Meta>
  readonly #known = new Map<string, Promise<Meta>>()

  constructor(ask: (entity: string) => Promise<Meta>) {
    this.#ask = ask
  }

  /** What an entity is made of. Rejects as the request does, and then asks anew the next time. */
  meta(entity: string): Promise<Meta> {
    const known = this.#known.get(entity)
    if (known) return known
    const asked = this.#ask(entity)
    this.#known.set(entity, asked)
    asked.catch(() => {
      if (this.#known.get(entity) === asked) this.#known.delete(entity)
    })
    return asked
  }

  /** Another server may be there, with other tables. */
  forget(): void {
    this.#known.clear()
  }
}

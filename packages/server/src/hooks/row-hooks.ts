import { decodeExactJson, encodeJson, type Preload } from '@mqttspec/protocol'
import type { Access } from '../access/access.ts'
import type { Change } from '../change/change.ts'
import type { Entity } from '../entity/entity.ts'
import type { Registry } from '../entity/registry.ts'
import type { HookClient, HookName } from './hook-context.ts'
import type { About, Hooks } from './hooks.ts'

type Row = Record<string, unknown>

const BEFORE = { create: 'beforeCreate', update: 'beforeUpdate', delete: 'beforeDelete' } as const
const AFTER = { create: 'afterCreate', update: 'afterUpdate', delete: 'afterDelete' } as const
const REQUESTED = { insert: 'create', update: 'update', delete: 'delete' } as const

/** Who hooks are run for, and with what. */
export interface RowHooksParts {
  readonly hooks: Hooks
  readonly registry: Registry
  readonly access: Access
  readonly client: HookClient
  readonly about: About
  /** What hooks have as their database while no transaction is open. Made when one asks for it. */
  readonly db: () => unknown
}

/** What every hook is given. A getter, so that no database is bound for a hook that wants none. */
class Given {
  readonly auth: unknown
  readonly client: HookClient
  readonly #db: () => unknown

  constructor(auth: unknown, client: HookClient, db: () => unknown) {
    this.auth = auth
    this.client = client
    this.#db = db
  }

  get db(): unknown {
    return this.#db()
  }
}

/** Runs the hooks of rows for one request. */
export class RowHooks {
  readonly #hooks: Hooks
  readonly #registry: Registry
  readonly #access: Access
  readonly #client: HookClient
  /** For the log: whom and what the hooks are run for. */
  readonly about: About
  readonly #afterCommit: (() => unknown)[] = []
  readonly #db: () => unknown
  #inTransaction: (() => unknown) | undefined

  constructor({ hooks, registry, access, client, about, db }: RowHooksParts) {
    this.#hooks = hooks
    this.#registry = registry
    this.#access = access
    this.#client = client
    this.about = about
    this.#db = db
  }

  /** Is there any hook of writes for one of these entities? */
  concern(entities: Iterable<Entity>): boolean {
    const names = [...Object.values(BEFORE), ...Object.values(AFTER)]
    for (const entity of entities) if (this.#hooks.has(entity.name, ...names)) return true
    return false
  }

  /** Does any hook look at rows before they are shown? Related rows may come along, so it matters of none in particular. */
  get mask(): boolean {
    return (
      this.#hooks.hasAny('afterRead') &&
      [...this.#registry.all()].some(({ name }) => this.#hooks.has(name, 'afterRead'))
    )
  }

  /** Runs the hooks before a write of a row, and of the rows related to it, and gives the row as they leave it. */
  async before(entity: Entity, operation: keyof typeof BEFORE, data: Row): Promise<Row> {
    const row = { ...data }
    const name = BEFORE[operation]
    if (operation === 'delete') {
      await this.#run(name, entity.name, this.#given({ ...this.#ofEntity(entity), key: row }))
      return row
    }
    const context = this.#given({ ...this.#ofEntity(entity), data: row })
    await this.#run(name, entity.name, context)
    const result: Row = { ...context.data }
    for (const relation of entity.relations.values()) {
      const children = result[relation.name]
      if (children === undefined) continue
      const related = this.#registry.related(relation)
      result[relation.name] = Array.isArray(children)
        ? await this.#inOrder(children, (child) => this.#child(related, child))
        : await this.#child(related, children)
    }
    return result
  }

  async #child(entity: Entity, child: unknown): Promise<unknown> {
    if (typeof child !== 'object' || child === null || Array.isArray(child)) return child
    const { _request: request = 'insert' } = child as Row
    const operation = Object.hasOwn(REQUESTED, String(request))
      ? REQUESTED[request as keyof typeof REQUESTED]
      : undefined
    return operation ? this.before(entity, operation, child as Row) : child
  }

  /** Runs the hooks after rows were written, still in the transaction. */
  async after(changes: readonly Change[]): Promise<void> {
    for (const { entity, operation, old, new: row } of changes) {
      const context = this.#given({
        entity: entity.name,
        row: row ?? old,
        previous: operation === 'update' ? old : undefined,
        afterCommit: (run: () => unknown) => void this.#afterCommit.push(run),
      })
      await this.#run(AFTER[operation], entity.name, context)
    }
  }

  /** Runs hooks that are about the client and what it asks, not about rows. */
  async run(name: HookName, entity: string | undefined, about: object): Promise<void> {
    if (!this.#hooks.hasAny(name)) return
    await this.#run(name, entity, this.#given(about))
  }

  /** Runs `body` while a transaction is open, which hooks then have as their database. */
  async within<T>(db: () => unknown, body: () => Promise<T>): Promise<T> {
    this.#inTransaction = db
    try {
      return await body()
    } finally {
      this.#inTransaction = undefined
    }
  }

  /** Forgets what an attempt that was taken back had asked for. */
  startAgain(): void {
    this.#afterCommit.length = 0
  }

  /** What is to run now that the transaction has been committed. */
  get committed(): readonly (() => unknown)[] {
    return [...this.#afterCommit]
  }

  /** Runs the hooks before a read of an entity, and of those whose rows come along; each may narrow its own. */
  async beforeReadTree(entity: Entity, preload: readonly Preload[] | undefined): Promise<void> {
    if (!this.#hooks.hasAny('beforeRead')) return
    for (const each of this.#tree(entity, preload)) await this.beforeRead(each, 'read')
  }

  #tree(entity: Entity, preload: readonly Preload[] = []): ReadonlySet<Entity> {
    const related = preload.flatMap((item) => {
      const relation = entity.relations.get(item.relation)
      return relation ? [...this.#tree(this.#registry.related(relation), item.preload)] : []
    })
    return new Set([entity, ...related])
  }

  /** Runs the hooks before a read or a subscribe, which may narrow it. */
  async beforeRead(entity: Entity, operation: 'read' | 'subscribe'): Promise<void> {
    const name = operation === 'read' ? 'beforeRead' : 'beforeSubscribe'
    if (!this.#hooks.has(entity.name, name)) return
    await this.#run(name, entity.name, this.#given({ ...this.#ofEntity(entity), operation }))
  }

  /**
   * Runs the hooks after a read on its rows, which are JSON text, and on the related rows in them, and gives them as
   * they leave them. Rows that no hook is about go through untouched.
   */
  async afterRead(entity: Entity, data: string, via: 'read' | 'subscription'): Promise<string> {
    if (!this.mask) return data
    const value = decodeExactJson(data)
    const isList = Array.isArray(value)
    const rows = await this.#shown(entity, isList ? value : [value], via)
    return encodeJson(isList ? rows : rows[0])
  }

  /** The same for one row that is no text yet. */
  async afterReadRow(entity: Entity, row: Readonly<Row>, via: 'read' | 'subscription'): Promise<unknown> {
    const [shown] = await this.#shown(entity, [{ ...row }], via)
    return shown
  }

  async #shown(entity: Entity, rows: readonly unknown[], via: 'read' | 'subscription'): Promise<readonly unknown[]> {
    for (const row of rows as readonly Row[]) {
      for (const relation of entity.relations.values()) {
        const children = row[relation.name]
        if (typeof children !== 'object' || children === null) continue
        const related = this.#registry.related(relation)
        const isList = Array.isArray(children)
        const shown = await this.#shown(related, isList ? children : [children], via)
        row[relation.name] = isList ? shown : (shown[0] ?? null)
      }
    }
    const context = this.#given({ entity: entity.name, via, rows })
    await this.#run('afterRead', entity.name, context)
    return context.rows
  }

  #run(name: HookName, entity: string | undefined, context: object): Promise<void> {
    return this.#hooks.run(name, entity, context, this.about)
  }

  #given<More extends object>(about: More): Given & More {
    const db = () => (this.#inTransaction ?? this.#db)()
    return Object.assign(new Given(this.#access.auth, this.#client, db), about)
  }

  #ofEntity(entity: Entity) {
    const restrict = (where: object | boolean) => this.#access.restrict(entity, where)
    return { entity: entity.name, restrict }
  }

  async #inOrder(items: readonly unknown[], run: (item: unknown) => Promise<unknown>): Promise<unknown[]> {
    const done: unknown[] = []
    for (const item of items) done.push(await run(item))
    return done
  }
}

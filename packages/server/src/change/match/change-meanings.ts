import type { Column } from '../../entity/entity.ts'
import type { Change } from '../change.ts'
import { type Meaning, type Membership, meaningsOf } from './classify.ts'
import { maskOf, maskOfChange, NO_COLUMN } from './column-mask.ts'
import type { SubscriptionGroup } from './subscription-group.ts'

type Kind = 'entered' | 'left' | 'stayed'

/**
 * What one change means to all that it concerns. Each group is held against it once, and those who see the same columns
 * share what it means to them: the very same objects.
 */
export class ChangeMeanings {
  readonly #change: Change
  readonly #mask: number
  readonly #key: number
  readonly #byColumns = new Map<readonly Column[], Partial<Record<Kind, readonly Meaning[]>>>()
  readonly #byNames = new Map<string, Partial<Record<Kind, readonly Meaning[]>>>()

  constructor(change: Change) {
    this.#change = change
    this.#key = maskOf(change.entity, change.entity.key)
    this.#mask = maskOfChange(change.entity, change.old, change.new)
  }

  /** What of the change is in a group's set; undefined when nothing is, so that it means nothing to anybody there. */
  in({ matches, mask, shown }: SubscriptionGroup): Membership | undefined {
    const { old, new: row } = this.#change
    if (((mask | shown | this.#key) & this.#mask) === NO_COLUMN) return undefined
    const was = old && matches.test(old) === true ? old : undefined
    // What decides has not changed: nor has the decision.
    const isSame = old !== undefined && (mask & this.#mask) === NO_COLUMN
    const is = (isSame ? was !== undefined : row && matches.test(row) === true) ? row : undefined
    return was || is ? { was, is } : undefined
  }

  /** What that means to who sees these columns. */
  of(membership: Membership, columns: readonly Column[]): readonly Meaning[] {
    const meanings = this.#byColumns.get(columns) ?? this.#remember(columns)
    const kind = membership.was ? (membership.is ? 'stayed' : 'left') : 'entered'
    meanings[kind] ??= meaningsOf(this.#change, membership, columns)
    return meanings[kind]
  }

  /** Columns that were named by two clients are two lists of the same. */
  #remember(columns: readonly Column[]): Partial<Record<Kind, readonly Meaning[]>> {
    const names = columns.map(({ name }) => name).join('\0')
    const meanings = this.#byNames.get(names) ?? {}
    this.#byNames.set(names, meanings)
    this.#byColumns.set(columns, meanings)
    return meanings
  }
}

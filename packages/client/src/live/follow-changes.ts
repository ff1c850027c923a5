import { type ChangePlan, watchOptions } from './change-plan.ts'
import { ChangeWindow } from './change-window.ts'
import { isOptionRefusal } from './is-option-refusal.ts'
import type { LiveQuestion, LiveSteps } from './live-steps.ts'

/** Rows that are kept beyond those that are shown: so many may leave before the list has to be read again. */
const MARGIN = 50

/** So many times what has happened since a read may be unknown right after it. */
const MOST_RESETS = 5

/**
 * Keeps a list by what is told of its rows:
 *
 *     read, true at a position ──► subscribe since that position ──► each change is put in its place
 *                ▲                                                               │
 *                └── a row is needed that is not here, or only Postgres knows ───┘
 */
export class ChangeFollower {
  readonly #question: LiveQuestion
  readonly #plan: ChangePlan
  readonly #steps: LiveSteps
  #limit: number | undefined
  /** In a row: a server that keeps its changes for no time at all would be read again for ever. */
  #resets = 0

  constructor(question: LiveQuestion, plan: ChangePlan, steps: LiveSteps) {
    this.#question = question
    this.#plan = plan
    this.#steps = steps
    this.#limit = question.call.limit
  }

  /**
   * Goes round once, and resolves when the list has to be read again; with `unable` when it cannot be kept so: the
   * server keeps no history, or cannot decide the filter for each change.
   */
  async round(): Promise<'again' | 'unable'> {
    const { entity, call } = this.#question
    const { columns } = this.#plan
    const steps = this.#steps
    const page = await steps.read({ ...call, columns, omitColumns: undefined, limit: withMargin(this.#limit) })
    if (page.at === undefined) return 'unable'
    const window = this.#windowOf(page.data, page.next === undefined, page.limit)
    steps.show(window.rows)
    try {
      const feed = steps.subscribe(entity, { ...watchOptions(call, columns), since: page.at })
      for await (const event of feed) {
        this.#resets = event.type === 'reset' ? this.#resets + 1 : 0
        if (this.#resets > MOST_RESETS) return 'unable'
        if (!window.take(event)) break
        steps.show(window.rows)
      }
    } catch (error) {
      if (isOptionRefusal(error, 'filters', 'since')) return 'unable'
      throw error
    }
    return 'again'
  }

  // The server lowers a limit that is too high, and has one where none is asked for.
  #windowOf(rows: readonly Readonly<Record<string, unknown>>[], isWhole: boolean, used: number): ChangeWindow {
    this.#limit = Math.min(this.#limit ?? used, used)
    const { order, show } = this.#plan
    return new ChangeWindow(rows, isWhole, { order, show, limit: this.#limit, kept: this.#limit + MARGIN })
  }
}

// What is no limit stays as it is, for the server to say so.
const withMargin = (limit: number | undefined) =>
  limit !== undefined && Number.isInteger(limit) && limit > 0 ? limit + MARGIN : limit

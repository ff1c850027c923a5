import type { SubscriptionEvent } from '../subscription/event.ts'
import type { WatchedEntity } from './watched-entities.ts'

type Row = Readonly<Record<string, unknown>>

// More than that are not looked at again one by one: one of them will show.
const MOST_UNDECIDED = 1_000

/** The changes to rows that are read along: does one of them show in the list? */
export class RelatedChanges {
  readonly #shows: () => void
  #rows: readonly Row[] = []
  /** What came while a read was on its way, whose rows may be others; undefined while there is none. */
  #undecided: [SubscriptionEvent, WatchedEntity][] | undefined

  /** `shows` is called when one does. */
  constructor(shows: () => void) {
    this.#shows = shows
  }

  /** Takes a change to a row of this entity. */
  take(event: SubscriptionEvent, watched: WatchedEntity): void {
    if (watched.concerns(event, this.#rows)) this.#shows()
    else if (this.#undecided && this.#undecided.length <= MOST_UNDECIDED) this.#undecided.push([event, watched])
  }

  /** The list is being read. */
  reading(): void {
    this.#undecided = []
  }

  /** These are its rows now. */
  read(rows: readonly Row[]): void {
    this.#rows = rows
    const undecided = this.#undecided ?? []
    this.#undecided = undefined
    if (undecided.length > MOST_UNDECIDED || undecided.some(([event, watched]) => watched.concerns(event, rows))) {
      this.#shows()
    }
  }
}

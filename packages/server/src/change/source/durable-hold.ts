import { encodePosition, type Position } from './position.ts'

/** The place of a durable subscription as text and as number; undefined when it has none any more. */
export type DurablePlace = { readonly at: string; readonly pos: bigint } | undefined

/** What becomes of a hold. */
export interface HoldEvents {
  moved(holder: string, place: DurablePlace): void
  released(holder: string): void
  forgotten(holder: string): Promise<void>
}

/**
 * One subscription's hold of a durable name. Its place is that of the last event that the client has acknowledged, and
 * none while it is not known what the client has: from a reset until it has acknowledged that it is whole again.
 */
export class DurableHold {
  readonly name: string
  readonly #holder: string
  readonly #events: HoldEvents
  #isWhole: boolean
  /** Counts the times at which something was lost: what was sent before says nothing of what came after. */
  #losses = 0

  constructor(name: string, holder: string, isWhole: boolean, events: HoldEvents) {
    this.name = name
    this.#holder = holder
    this.#isWhole = isWhole
    this.#events = events
  }

  /** The client has everything up to here, as it says itself. */
  isAt(position: Position): void {
    this.#isWhole = true
    this.#events.moved(this.#holder, { at: encodePosition(position), pos: position.pos })
  }

  /** Something with a place was sent. What it returns says that the client has it. */
  sent(at: string, pos: bigint): () => void {
    const losses = this.#losses
    return () => {
      if (losses === this.#losses && this.#isWhole) this.#events.moved(this.#holder, { at, pos })
    }
  }

  /** It was told all that it needs to be at this place. What it returns says that the client has it. */
  sentWhole(position: Position): () => void {
    const losses = this.#losses
    return () => {
      if (losses === this.#losses) this.isAt(position)
    }
  }

  /** The client was told that something is missing: only the rows will do when it comes back. */
  lost(): void {
    this.#losses++
    this.#isWhole = false
    this.#events.moved(this.#holder, undefined)
  }

  /** The subscription has ended; the name is kept. */
  release(): void {
    this.#events.released(this.#holder)
  }

  /** Ends it for good. */
  forget(): Promise<void> {
    return this.#events.forgotten(this.#holder)
  }
}

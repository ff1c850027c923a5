import { encodeJson } from '@mqttspec/protocol'
import type { Subscription } from '../../session/subscription.ts'
import type { Payload } from '../../transport/transport.ts'
import type { Change } from '../change.ts'
import type { Meaning } from '../match/classify.ts'
import { positionAfter } from '../source/position.ts'
import { type Extent, encodeNotification, extentOf, keyOf, shownTo } from './encode-notification.ts'

/**
 * The payloads of one change, byte for byte as `encodeNotification` makes them. All but a subscription's id and number is
 * encoded once for those to whom the change means the same, and sent to each as the same bytes.
 */
export class SharedNotification {
  readonly #change: Change
  readonly #beginning: string
  /** By meaning, and by how much of the rows is shown. */
  readonly #bodies = new Map<Meaning, Uint8Array[]>()

  constructor(change: Change) {
    this.#change = change
    this.#beginning = `{"type":"notification","operation":${JSON.stringify(change.operation)},"subscription_id":`
  }

  /** What tells a subscription what the change means to it, once its number is known. `meaning` is shared as it is. */
  encoder(meaning: Meaning, subscription: Subscription): (seq: number) => Payload {
    const beginning = this.#beginning + JSON.stringify(subscription.id)
    const body = this.#bodyOf(meaning, subscription)
    return (seq) => {
      const { place } = this.#change
      // Who has just begun comes from a place of its own.
      const isOwn = place && positionAfter(subscription.from, place) !== place.at
      if (isOwn) return encodeNotification(this.#change, meaning, subscription, seq)
      return [Buffer.from(beginning), body, Buffer.from(`,"seq":${seq}}`)]
    }
  }

  #bodyOf(meaning: Meaning, subscription: Subscription): Uint8Array {
    const extent = extentOf(this.#change, meaning, subscription)
    const at = (extent.keyOnly ? 1 : 0) + (extent.withPrevious ? 2 : 0)
    const bodies = this.#bodies.get(meaning) ?? []
    this.#bodies.set(meaning, bodies)
    bodies[at] ??= this.#encode(meaning, extent, subscription)
    return bodies[at]
  }

  #encode(meaning: Meaning, extent: Extent, { columns }: Subscription): Uint8Array {
    const { entity, timestamp, place } = this.#change
    const { changed, row } = meaning
    const { data, previous } = shownTo(this.#change, meaning, extent, columns)
    const rest = {
      schema: entity.schema,
      entity: entity.name,
      data,
      timestamp,
      change: meaning.change,
      key: keyOf(entity, row),
      changed,
      previous,
      at: place?.at,
    }
    return Buffer.from(`,${encodeJson(rest).slice(1, -1)}`)
  }
}

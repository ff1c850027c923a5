import type { Link } from './link.ts'
import type { TurnQueue } from './turn-queue.ts'

/** Frames are joined into writes of about this size; one that is larger is written as it is. */
const WRITE_BYTES = 64 * 1024

/** Sends frames in order over a link: one write for all of a turn, nothing while the link is full. */
export class FrameWriter {
  readonly #link: Link
  readonly #turn: TurnQueue
  readonly #written: () => void
  #frames: Buffer[] = []
  #bytes = 0
  #queued = false
  #full = false

  /** `written` is called whenever something left the queue. */
  constructor(link: Link, turn: TurnQueue, written: () => void) {
    this.#link = link
    this.#turn = turn
    this.#written = written
  }

  /** Bytes that were sent and have not left this process. */
  get unsentBytes(): number {
    return this.#bytes + this.#link.unsentBytes
  }

  /** Frames that wait for the link, and for more of their turn. */
  get unsentFrames(): number {
    return this.#frames.length
  }

  send(frame: Buffer): void {
    this.#frames.push(frame)
    this.#bytes += frame.length
    if (this.#queued || this.#full) return
    this.#queued = true
    this.#turn.add(this)
  }

  /** Writes what has gathered, as far as the link takes it. */
  flush(): void {
    this.#queued = false
    if (this.#full || this.#frames.length === 0) return
    const frames = this.#frames
    let start = 0
    while (start < frames.length && !this.#full) {
      const end = endOfWrite(frames, start)
      const bytes = joined(frames, start, end)
      this.#bytes -= bytes.length
      this.#full = !this.#link.write(bytes)
      start = end
    }
    this.#frames = start === frames.length ? [] : frames.slice(start)
    this.#written()
  }

  /** Takes back the frames of which `isUnwanted` says so, as far as they have not been written. Returns them. */
  takeBack(isUnwanted: (frame: Buffer) => boolean): readonly Buffer[] {
    const taken = this.#frames.filter(isUnwanted)
    if (taken.length === 0) return taken
    const unwanted = new Set(taken)
    this.#frames = this.#frames.filter((frame) => !unwanted.has(frame))
    for (const { length } of taken) this.#bytes -= length
    return taken
  }

  /** The link has room again. */
  drained(): void {
    this.#full = false
    if (this.#frames.length > 0) this.flush()
    else this.#written()
  }
}

/** Where the write that begins at `start` ends: at least one frame, and no more than fit. */
function endOfWrite(frames: readonly Buffer[], start: number): number {
  let end = start + 1
  let bytes = frames[start]?.length ?? 0
  for (; end < frames.length; end += 1) {
    bytes += frames[end]?.length ?? 0
    if (bytes > WRITE_BYTES) break
  }
  return end
}

function joined(frames: readonly Buffer[], start: number, end: number): Buffer {
  const [only] = end === start + 1 ? frames.slice(start, end) : []
  return only ?? Buffer.concat(start === 0 && end === frames.length ? frames : frames.slice(start, end))
}

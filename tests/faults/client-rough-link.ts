import { connect, createServer, type Socket } from 'node:net'

/** How bad a link is, in each direction. */
export interface Roughness {
  /** Bytes that pass at once, at most. */
  readonly sliceBytes?: number
  /** Milliseconds from one end to the other. */
  readonly latencyMs?: number
  readonly bytesPerSecond?: number
}

/** A TCP link to a port of 127.0.0.1 that is bad, or not there. */
export class RoughLink implements AsyncDisposable {
  readonly #target: number
  readonly #roughness: Roughness
  readonly #lanes = new Set<Lane>()
  readonly #server = createServer((client) => this.#join(client))
  #isDown = false

  private constructor(target: number, roughness: Roughness) {
    this.#target = target
    this.#roughness = roughness
  }

  static async open(target: number, roughness: Roughness = {}): Promise<RoughLink> {
    const link = new RoughLink(target, roughness)
    await new Promise<void>((resolve) => link.#server.listen(0, '127.0.0.1', resolve))
    return link
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address ? address.port : 0
  }

  /** Ends every connection, as a network does that goes away. */
  cut(): void {
    for (const lane of this.#lanes) lane.destroy()
    this.#lanes.clear()
  }

  /** Ends every connection, and lets none in until `up`. */
  down(): void {
    this.#isDown = true
    this.cut()
  }

  up(): void {
    this.#isDown = false
  }

  /** Swallows nothing and passes nothing on for so long. */
  async stall(forMs: number): Promise<void> {
    for (const lane of this.#lanes) lane.isStalled = true
    await new Promise((resolve) => setTimeout(resolve, forMs))
    for (const lane of this.#lanes) lane.isStalled = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.down()
    await closed
  }

  #join(client: Socket): void {
    if (this.#isDown) return void client.destroy()
    const server = connect({ port: this.#target, host: '127.0.0.1' })
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#lanes.add(new Lane(from, to, this.#roughness))
    }
  }
}

const TICK_MS = 5

/** One direction of a connection. */
class Lane {
  isStalled = false
  readonly #from: Socket
  readonly #to: Socket
  readonly #roughness: Roughness
  readonly #waiting: { bytes: Buffer; readonly due: number }[] = []
  readonly #timer: NodeJS.Timeout

  constructor(from: Socket, to: Socket, roughness: Roughness) {
    this.#from = from
    this.#to = to
    this.#roughness = roughness
    from.setNoDelay(true)
    from.on('data', (bytes) => this.#waiting.push({ bytes, due: performance.now() + (roughness.latencyMs ?? 0) }))
    from.on('error', () => this.destroy())
    from.on('close', () => this.destroy())
    this.#timer = setInterval(() => this.#pass(), TICK_MS)
  }

  destroy(): void {
    clearInterval(this.#timer)
    this.#from.destroy()
    this.#to.destroy()
  }

  #pass(): void {
    const { bytesPerSecond = Number.POSITIVE_INFINITY, sliceBytes = Number.POSITIVE_INFINITY } = this.#roughness
    let left = Math.max(1, (bytesPerSecond * TICK_MS) / 1_000)
    while (!this.isStalled && left > 0) {
      const [first] = this.#waiting
      if (!first || first.due > performance.now()) return
      const slice = first.bytes.subarray(0, Math.min(left, 1 + Math.floor(Math.random() * sliceBytes)))
      first.bytes = first.bytes.subarray(slice.length)
      if (first.bytes.length === 0) this.#waiting.shift()
      left -= slice.length
      this.#to.write(slice)
    }
  }
}

import { connect, createServer, type Socket } from 'node:net'

/** Passes TCP on to a port of 127.0.0.1 until told to cut. */
export interface CuttingProxy extends AsyncDisposable {
  readonly port: number
  /** How many bytes have come from the target. */
  readonly bytesBack: number
  /** How many connections were cut in all. */
  readonly cuts: number
  /** Ends every connection at once: with a reset, or as if each side had closed. */
  cut(how: 'reset' | 'close'): void
  /** Passes nothing on and closes nothing, until `resume`. */
  stall(): void
  resume(): void
}

export async function startCuttingProxy(target: number): Promise<CuttingProxy> {
  const proxy = new TcpProxy(target)
  await proxy.listening
  return proxy
}

class TcpProxy implements CuttingProxy {
  cuts = 0
  bytesBack = 0
  readonly listening: Promise<void>
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  readonly #server
  #stalled = false

  constructor(target: number) {
    this.#server = createServer((client) => this.#join(client, connect({ port: target, host: '127.0.0.1' })))
    this.listening = new Promise((resolve) => this.#server.listen(0, '127.0.0.1', () => resolve()))
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address ? address.port : 0
  }

  cut(how: 'reset' | 'close'): void {
    for (const pair of this.#pairs) {
      this.cuts += 1
      for (const socket of pair) how === 'reset' ? socket.resetAndDestroy() : socket.destroy()
    }
    this.#pairs.clear()
  }

  stall(): void {
    this.#stalled = true
    for (const socket of [...this.#pairs].flat()) socket.pause()
  }

  resume(): void {
    this.#stalled = false
    for (const socket of [...this.#pairs].flat()) socket.resume()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.cut('close')
    await closed
  }

  #join(client: Socket, server: Socket): void {
    const pair = [client, server] as const
    this.#pairs.add(pair)
    for (const [from, to] of [pair, [server, client]] as const) {
      from.setNoDelay(true)
      from.on('data', (bytes) => {
        if (from === server) this.bytesBack += bytes.length
        to.write(bytes)
      })
      from.on('end', () => to.end())
      from.on('error', () => to.destroy())
      from.on('close', () => {
        to.destroy()
        this.#pairs.delete(pair)
      })
      if (this.#stalled) from.pause()
    }
  }
}

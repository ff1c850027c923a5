import { createServer, type Server, type Socket } from 'node:net'
import { Aedes, type AedesOptions } from 'aedes'
import type { TransportReceiver } from '../transport.ts'

/** A broker that knows nothing of this project, on a free port of loopback, which can go away and come back. */
export class PlainBroker implements AsyncDisposable {
  readonly aedes: Aedes
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port = 0

  constructor(aedes: Aedes) {
    this.aedes = aedes
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.#port}`
  }

  get sockets(): ReadonlySet<Socket> {
    return this.#sockets
  }

  /** Listens, after the first time on the same port. */
  async listen(port = this.#port): Promise<this> {
    const server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      this.aedes.handle(socket)
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    const address = server.address()
    this.#port = typeof address === 'object' ? (address?.port ?? 0) : 0
    this.#server = server
    return this
  }

  /** Cuts everybody off, and answers nobody until it listens again. */
  async goAway(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.aedes.close(resolve))
    if (this.#server?.listening) await this.goAway()
  }
}

/** Starts a plain broker for a test. */
export async function startPlainBroker(options: AedesOptions = {}): Promise<PlainBroker> {
  return new PlainBroker(await Aedes.createBroker(options)).listen()
}

/** Writes down what a transport tells, and answers each request. */
export function recordingReceiver(answer: (clientId: string, payload: string) => void = () => {}): TransportReceiver & {
  readonly log: string[]
} {
  const log: string[] = []
  return {
    log,
    connecting: async () => undefined,
    connected: (clientId) => void log.push(`connected ${clientId}`),
    disconnected: (clientId) => void log.push(`disconnected ${clientId}`),
    listening: (clientId) => void log.push(`listening ${clientId}`),
    refused: ({ clientId, reason, payload }) => void log.push(`refused ${clientId} ${reason} ${payload.length}`),
    overflowed: (clientId) => void log.push(`overflowed ${clientId}`),
    message: ({ clientId, payload }) => {
      const text = Buffer.from(payload).toString()
      log.push(`message ${clientId} ${text.slice(0, 40)}`)
      answer(clientId, text)
    },
  }
}

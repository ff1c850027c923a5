import { type Published, PublishReader } from './publish-reader.ts'

/** `out` for what this page published, `in` for what it was sent. */
export type Way = 'out' | 'in'

/**
 * Lets `heard` see every MQTT message of this page, by listening in where the bytes pass: the page's WebSocket. So what
 * the log shows is what was on the wire, and not what a library says of it. Call it before anything connects.
 */
export function tapWebSockets(heard: (way: Way, message: Published) => void): void {
  const Plain = globalThis.WebSocket
  globalThis.WebSocket = class extends Plain {
    readonly #out = new PublishReader()

    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols)
      const reader = new PublishReader()
      this.addEventListener('message', (event: MessageEvent<unknown>) => {
        for (const message of reader.read(bytesOf(event.data))) heard('in', message)
      })
    }

    override send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
      for (const message of this.#out.read(bytesOf(data))) heard('out', message)
      super.send(data as ArrayBuffer)
    }
  }
}

function bytesOf(data: unknown): Uint8Array {
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return new Uint8Array()
}

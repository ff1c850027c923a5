import { connect, createServer, type Socket } from 'node:net'

/** Where a connection is cut: before a statement has reached Postgres, or after it ran and before anybody knows. */
export interface Snip {
  /** Part of the statement. */
  readonly at: string
  readonly when: 'before' | 'after'
}

/** Passes TCP on to a port of 127.0.0.1, and cuts a connection at a statement when it was told to. */
export interface SnippingProxy extends AsyncDisposable {
  readonly port: number
  /** Cuts at the next statement of that kind, once. Resolves when it has; ends every connection first. */
  snip(snip: Snip): Promise<void>
}

/** Statements are known by their text, which a connection is sent once: so each snip begins with new connections. */
export async function startSnippingProxy(target: number): Promise<SnippingProxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let armed: (Snip & { done(): void }) | undefined
  const server = createServer((client) => {
    const database = connect({ port: target, host: '127.0.0.1' })
    const pair = [client, database] as const
    pairs.add(pair)
    const end = () => {
      pairs.delete(pair)
      for (const socket of pair) socket.destroy()
    }
    for (const socket of pair) socket.setNoDelay(true).on('error', end).on('close', end)
    let cutAtAnswer: (() => void) | undefined
    client.on('data', (bytes) => {
      const snip = armed && bytes.includes(armed.at) ? armed : undefined
      if (snip) {
        armed = undefined
        if (snip.when === 'before') {
          end()
          snip.done()
          return
        }
        cutAtAnswer = snip.done
      }
      database.write(bytes)
    })
    database.on('data', (bytes) => {
      // The answer that ends with "ready for query": whatever was asked has happened.
      const isReady =
        bytes.length >= 6 && bytes.readUInt32BE(bytes.length - 5) === 5 && bytes[bytes.length - 6] === 0x5a
      if (!cutAtAnswer || !isReady) client.write(bytes)
      else {
        end()
        cutAtAnswer()
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const endAll = () => {
    for (const socket of [...pairs].flat()) socket.destroy()
  }
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    snip(snip) {
      endAll()
      return new Promise((done) => {
        armed = { ...snip, done }
      })
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      endAll()
      await closed
    },
  }
}

import type { Server, Socket } from 'node:net'

/** Something that takes connections until it is closed. */
export interface Listener {
  readonly host: string
  readonly port: number
  /** Takes no more; resolves when the port is free. Connections that were taken are closed by who has them. */
  close(): Promise<void>
}

/** Listens; rejects with what is wrong with host and port. */
export async function listen(server: Server, host: string, port: number): Promise<Listener> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new Error(`cannot listen on ${host}:${port}: ${cause.message}`, { cause })))
    server.listen(port, host, resolve)
  })
  server.removeAllListeners('error')
  server.on('error', () => {}) // of single connections that could not be accepted: they are gone, the server is not
  return { ...addressOf(server, host), close: () => closed(server) }
}

/** Where a server listens. */
export function addressOf(server: Server, host: string): { host: string; port: number } {
  const address = server.address()
  return { host, port: typeof address === 'object' && address ? address.port : 0 }
}

/** Closes the connection of a client that is one too many, before a byte of it is read. */
export function turnAway(socket: Socket): void {
  socket.on('error', () => {}) // it may be gone before it hears
  socket.destroy()
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

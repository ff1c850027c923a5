import { connect, type Socket } from 'node:net'

/** Where a Postgres server listens. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string }

/**
 * A source of sockets that asks `open` once and never again: so that a driver that has it cannot connect twice.
 * Rejects on every call after the first.
 */
export function oneSocket<S>(open: () => Promise<S>): () => Promise<S> {
  let given = false
  return async () => {
    if (given) throw new Error('The connection is closed.')
    given = true
    return await open()
  }
}

/** A connected socket that sends at once what it is given. Rejects when there is none within `timeoutMs`. */
export function openSocket(address: Address, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, noDelay: true })
    const timer = setTimeout(() => socket.destroy(new Error(`No connection within ${timeoutMs} ms.`)), timeoutMs)
    const fail = (error: Error): void => {
      clearTimeout(timer)
      reject(error)
    }
    socket.once('error', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      // Whoever takes it attaches its own listeners a few microtasks later; until then it may not be without one.
      socket.on('error', () => undefined)
      resolve(socket)
    })
  })
}

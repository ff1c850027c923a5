import { once } from 'node:events'
import { createServer } from 'node:net'
import type { WantedPort } from './settings.ts'

const TRIES = 50

/**
 * A free port on the host for each that is wanted, in order and all different. One that the environment fixed and that
 * is taken is an Error; any other gives way to the next free one, and `say` hears of it.
 */
export async function claimPorts(
  host: string,
  wanted: readonly WantedPort[],
  say: (line: string) => void,
): Promise<number[]> {
  const claimed: number[] = []
  for (const want of wanted) {
    const port = await claimPort(host, want, claimed)
    if (!want.fixed && port !== want.port) say(`Port ${want.port} is taken, so ${want.name} is ${port}.`)
    claimed.push(port)
  }
  return claimed
}

async function claimPort(host: string, want: WantedPort, claimed: readonly number[]): Promise<number> {
  for (let offset = 0; offset < TRIES; offset += 1) {
    const port = want.port === 0 ? 0 : want.port + offset
    const bound = await bind(host, port)
    if (bound !== undefined && !claimed.includes(bound)) return bound
    if (want.fixed && port !== 0)
      throw new Error(`${want.name}=${want.port}: that port is taken. Free it, or name another.`)
  }
  throw new Error(`No port from ${want.port} to ${want.port + TRIES - 1} is free. Name one with ${want.name}.`)
}

/** The port, or for 0 one that the system picks; undefined when it is taken. It is free again afterwards. */
async function bind(host: string, port: number): Promise<number | undefined> {
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : undefined
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') return undefined
    if (codeOf(error) === 'EACCES') throw new Error(`This account may not use port ${port}. Name one from 1024 up.`)
    throw error
  } finally {
    await new Promise((closed) => server.close(closed))
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)

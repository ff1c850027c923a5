import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { claimPorts } from './ports.ts'

const host = '127.0.0.1'

async function takenPort(): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { port, [Symbol.asyncDispose]: () => new Promise((closed) => server.close(() => closed())) }
}

describe('claimPorts', () => {
  it('gives way to the next free port, and says so, when a port is taken that nobody fixed', async () => {
    await using taken = await takenPort()
    const said: string[] = []
    const [port = 0] = await claimPorts(host, [{ name: 'PORT', port: taken.port, fixed: false }], (line) =>
      said.push(line),
    )
    expect(port).toBeGreaterThan(taken.port)
    expect(said).toEqual([`Port ${taken.port} is taken, so PORT is ${port}.`])
  })

  it('is an error, with the name of the variable, when a port is taken that was fixed', async () => {
    await using taken = await takenPort()
    const claim = claimPorts(host, [{ name: 'PORT', port: taken.port, fixed: true }], () => {})
    await expect(claim).rejects.toThrow(`PORT=${taken.port}`)
  })

  it('never gives one port twice, and for 0 one that the system picks', async () => {
    const any = { port: 0, fixed: true }
    const ports = await claimPorts(
      host,
      [
        { name: 'A', ...any },
        { name: 'B', ...any },
      ],
      () => {},
    )
    expect(new Set(ports).size).toBe(2)
    expect(Math.min(...ports)).toBeGreaterThan(0)
  })
})

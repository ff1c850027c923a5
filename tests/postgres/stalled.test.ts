import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startCuttingProxy } from '../cutting-proxy.ts'
import { below, timed, within } from '../faults/within.ts'
import { describeWith } from '../require-service.ts'
import { until } from '../until.ts'
import { WireClient } from '../wire-client.ts'
import { findPostgres, startPostgres } from './start-postgres.ts'

const STALL_MS = 5_000
/** More at once than a server lets wait of one client. */
const REQUESTS = 1_500

async function startServer(database: string): Promise<{ child: ChildProcess; port: number } & AsyncDisposable> {
  const program = fileURLToPath(new URL('stalled-server.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=@mqttspec/source', program, database], {
    cwd: fileURLToPath(new URL('../../examples', import.meta.url)),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  const [port] = (await Promise.race([once(child, 'message'), ended.then(() => [])])) as [number | undefined]
  if (port === undefined) throw new Error('the server does not start')
  return {
    child,
    port,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** The longest that the server's event loop was away since this was asked last. */
async function lagOf({ child }: { readonly child: ChildProcess }): Promise<number> {
  child.send('lag')
  const [lagMs] = (await once(child, 'message')) as [number]
  return lagMs
}

const codesOf = (replies: readonly unknown[]) => {
  const counts: Record<string, number> = {}
  for (const reply of replies as { error?: { code: string } }[]) {
    const code = reply.error?.code ?? 'ok'
    counts[code] = (counts[code] ?? 0) + 1
  }
  return counts
}

describeWith('PostgreSQL', await findPostgres(), () => {
  test('fault D05: while the database does not answer and thousands wait for it, the event loop has its turns', async () => {
    await using cluster = await startPostgres()
    if (!cluster) throw new Error('PostgreSQL has gone')
    await using proxy = await startCuttingProxy(cluster.port)
    const url = (await cluster.createDatabase()).replace(`:${cluster.port}/`, `:${proxy.port}/`)
    await using server = await startServer(url)
    const connect = (clientId: string) => WireClient.connect(`mqtt://127.0.0.1:${server.port}`, clientId)
    await using other = await connect('other')
    let asked = 0
    const read = () => other.ask({ id: `other-${++asked}`, type: 'request', operation: 'read', entity: 'items' })

    const trial = async (): Promise<number> => {
      const run = ++asked
      await using one = await connect(`one-${run}`)
      await using two = await connect(`two-${run}`)
      const crowd = [one, two]
      await read()
      await lagOf(server)
      proxy.stall()
      const resumed = wait(STALL_MS).then(() => proxy.resume())
      for (const client of crowd) {
        for (let n = 0; n < REQUESTS; n++) {
          const write = { id: `r${n}`, type: 'request', operation: 'create', entity: 'items', data: { n } }
          client.mqtt.publish(`spec/${client.clientId}/request`, JSON.stringify(write), { qos: 0 })
        }
      }
      const stalledUntil = performance.now() + STALL_MS - 500
      // What does not need the database is answered at once.
      while (performance.now() < stalledUntil) {
        await within(1_000, () => timed(async () => void (await other.ask({ id: `p${++asked}`, type: 'ping' }))))
        await wait(50)
      }
      await resumed
      await until(() => crowd.every(({ responses }) => responses.length >= REQUESTS), 60_000)
      for (const { responses } of crowd) {
        const codes = codesOf(responses)
        expect(responses).toHaveLength(REQUESTS)
        expect(codes.overloaded).toBeGreaterThan(REQUESTS - 1_100)
        expect(Object.keys(codes).filter((code) => !/^(ok|overloaded|timeout|unavailable)$/.test(code))).toEqual([])
      }
      const lagMs = await lagOf(server)
      await until(async () => (await read()).success === true)
      return lagMs
    }
    await below(100, trial)
    await within(1_000, () => timed(async () => void (await read())))
  }, 240_000)
})

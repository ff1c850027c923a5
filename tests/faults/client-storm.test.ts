import { connect, type SpecClient } from '@mqttspec/client'
import { defineSpec } from '@mqttspec/server'
import { pgTable, serial } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { startCuttingProxy } from '../cutting-proxy.ts'
import { until } from '../until.ts'

const CLIENTS = 1_000
const BACK_MS = 30_000

test('fault O03: 1,000 clients that are cut off at once are all back within 30 s, and not all at one time', {
  timeout: 120_000,
}, async () => {
  const notes = pgTable('notes', { id: serial().primaryKey() })
  await using server = await defineSpec({ schema: { notes } })
    .entity('notes')
    .listen({
      broker: { port: 0, webSocket: false },
    })
  await using proxy = await startCuttingProxy(server.addresses.mqtt?.port ?? 0)
  const clients: SpecClient<never>[] = []
  await using _ = { [Symbol.asyncDispose]: async () => void (await Promise.all(clients.map((one) => one.close()))) }
  while (clients.length < CLIENTS) {
    const some = Array.from({ length: 50 }, () => connect(`mqtt://127.0.0.1:${proxy.port}`, { timeoutMs: 30_000 }))
    clients.push(...((await Promise.all(some)) as SpecClient<never>[]))
  }
  const attempts: number[] = []
  const cut = new Set<object>()
  for (const { connection } of clients) {
    connection.subscribe((state) => {
      if (state === 'offline') cut.add(connection)
      if (state === 'connecting') attempts.push(performance.now())
    })
  }
  proxy.cut('reset')
  await until(() => cut.size === CLIENTS, BACK_MS)
  await until(() => clients.every(({ connection }) => connection.state === 'online'), BACK_MS)
  // By the first delay of 100 to 200 ms alone, whatever the machine adds.
  expect(attempts.length).toBeGreaterThanOrEqual(CLIENTS)
  const [first = 0, last = 0] = [Math.min(...attempts), Math.max(...attempts)]
  expect(last - first).toBeGreaterThan(50)
  await clients[0]?.ping()
})

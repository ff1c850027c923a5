// The latest reading of each device, live in the terminal: `pnpm --filter @mqttspec/examples dashboard`.
// It starts its own server and three devices, and runs for RUN_SECONDS (20 unless set).
import { setTimeout as wait } from 'node:timers/promises'
import { connect } from '@mqttspec/client'
import { defineSpec } from '@mqttspec/server'
import * as schema from './schema.ts'

const api = defineSpec({ schema }).entity('devices').entity('readings')
await using server = await api.listen({ broker: { port: 0, webSocket: false } })
const url = `mqtt://127.0.0.1:${server.addresses.mqtt?.port}`
const signal = AbortSignal.timeout(Number(process.env.RUN_SECONDS ?? 20) * 1_000)

/** A device: a client of its own that stores a reading every half second. */
async function device(name: string, celsius: number): Promise<void> {
  await using spec = await connect<typeof api>(url, { clientId: name })
  const { id } = await spec.create('devices', { name, site: 'here' })
  for (let value = celsius; !signal.aborted; value += Math.random() - 0.5) {
    await spec.create('readings', { device_id: id, celsius: Math.round(value * 10) / 10 })
    await wait(500, undefined, { signal }).catch(() => undefined)
  }
}

/** The dashboard: it subscribes first and reads then, so that no device falls in between. */
async function dashboard(): Promise<void> {
  await using spec = await connect<typeof api>(url, { clientId: 'dashboard' })
  await using changes = spec.subscribe('readings', { columns: ['device_id', 'celsius'], signal })
  await changes.ready
  const latest = new Map<number, number>()
  for await (const change of changes) {
    if (change.type !== 'enter') continue
    latest.set(change.data.device_id, change.data.celsius)
    const { data: names } = await spec.read('devices', { columns: ['id', 'name'], limit: 20 })
    console.log(names.map(({ id, name }) => `${name} ${latest.get(id)?.toFixed(1) ?? '–'} °C`).join('   '))
  }
}

const devices = [device('roof', 28), device('cellar', 12), device('office', 21)]
await dashboard().catch((error: unknown) => {
  if (!signal.aborted) throw error
})
await Promise.all(devices)

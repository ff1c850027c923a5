import type { Spec } from '../rows.ts'
import { type Climate, calm, measured, nextSecond, type Random } from './climate.ts'
import { kindNamed } from './kinds.ts'
import { SEED_DEVICES, SEED_USERS, type SeedDevice } from './seed-rows.ts'

const HISTORY_SECONDS = 120
/** This one begins in alarm, so that there is something to see, and is well again in a few seconds. */
const HEATED = 'd5'

/** Fills an empty database through the API: the fleet with the last two minutes of its readings, and a few users. */
export async function seed(spec: Spec, random: Random): Promise<void> {
  const [device] = (await spec.read('devices', { limit: 1 })).data
  if (!device) {
    const fleet = SEED_DEVICES.map((each) => ({ each, past: pastOf(each, random) }))
    await spec.create(
      'devices',
      fleet.map(({ each, past }) => deviceRow(each, past)),
    )
    for (const { each, past } of fleet) await spec.create('readings', readingRows(each.id, past))
  }
  const [user] = (await spec.read('users', { limit: 1 })).data
  if (!user) await spec.create('users', SEED_USERS)
}

function pastOf({ id, kind: name }: SeedDevice, random: Random): Climate[] {
  const kind = kindNamed(name)
  const past: Climate[] = [calm(kind)]
  for (let second = 1; second < HISTORY_SECONDS; second += 1) {
    const heatedForSeconds = id === HEATED && second === HISTORY_SECONDS - 20 ? 24 : undefined
    const before = past.at(-1) ?? calm(kind)
    past.push(nextSecond(heatedForSeconds === undefined ? before : { ...before, heatedForSeconds }, kind, random))
  }
  return past
}

function deviceRow(device: SeedDevice, past: readonly Climate[]) {
  const { threshold } = kindNamed(device.kind)
  const temperature = measured(past.at(-1)?.temperature ?? 0)
  const humidity = measured(past.at(-1)?.humidity ?? 0)
  const status = temperature > threshold ? 'alarm' : 'online'
  return { ...device, threshold, status, temperature, humidity, last_seen: new Date() }
}

function readingRows(device_id: string, past: readonly Climate[]) {
  const now = Date.now()
  return past.map((climate, index) => ({
    device_id,
    temperature: measured(climate.temperature),
    humidity: measured(climate.humidity),
    at: new Date(now - (past.length - index) * 1_000),
  }))
}

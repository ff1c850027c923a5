import type { Kind } from './kinds.ts'

/** What a device measures now, and for how many seconds more something heats it. */
export interface Climate {
  readonly temperature: number
  readonly humidity: number
  readonly heatedForSeconds: number
}

/** A number from 0 to 1, as of `Math.random`. */
export type Random = () => number

/** How likely a calm device is to be heated in any one second: with a dozen devices, one every twenty seconds. */
const HEATING_CHANCE = 1 / 240

/** Where a device of this kind begins. */
export const calm = (kind: Kind): Climate => ({
  temperature: kind.temperature,
  humidity: kind.humidity,
  heatedForSeconds: 0,
})

/**
 * The climate one second later: it drifts about what is normal for the kind, and now and then a door stays open, which
 * takes it past the kind's threshold and back within a minute.
 */
export function nextSecond(now: Climate, kind: Kind, random: Random): Climate {
  const span = kind.threshold - kind.temperature
  const heated = now.heatedForSeconds > 0
  const goal = heated ? kind.temperature + span * 1.35 : kind.temperature
  const noise = (random() + random() - 1) * span * 0.06
  const damp = kind.humidity - (now.temperature - kind.temperature) * (14 / span)
  return {
    temperature: now.temperature + (goal - now.temperature) * (heated ? 0.11 : 0.07) + noise,
    humidity: Math.min(100, Math.max(0, now.humidity + (damp - now.humidity) * 0.08 + (random() - 0.5) * 0.8)),
    heatedForSeconds: heated
      ? now.heatedForSeconds - 1
      : random() < HEATING_CHANCE
        ? 25 + Math.floor(random() * 15)
        : 0,
  }
}

/** To one decimal, as a cheap sensor has it. */
export const measured = (value: number): number => Math.round(value * 10) / 10

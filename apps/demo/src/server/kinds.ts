/** What a kind of device measures when all is well: °C, percent of humidity, and the °C from which it is an alarm. */
export interface Kind {
  readonly temperature: number
  readonly humidity: number
  readonly threshold: number
  /** Percent of its battery that it uses in a second; none when it hangs on the mains. */
  readonly drain?: number
}

const KINDS: Readonly<Record<string, Kind>> = {
  'cold room': { temperature: 4, humidity: 78, threshold: 8 },
  freezer: { temperature: -21, humidity: 55, threshold: -15 },
  fridge: { temperature: 4.5, humidity: 42, threshold: 8 },
  greenhouse: { temperature: 26, humidity: 70, threshold: 32 },
  'server room': { temperature: 22.5, humidity: 38, threshold: 27 },
  boiler: { temperature: 66, humidity: 30, threshold: 76 },
  workshop: { temperature: 20, humidity: 48, threshold: 28 },
  truck: { temperature: 5.5, humidity: 62, threshold: 9, drain: 0.08 },
}

const ORDINARY: Kind = { temperature: 21, humidity: 45, threshold: 30 }

/** The climate of a kind by its name; of one that is not known, an ordinary room's. */
export const kindNamed = (name: string): Kind => KINDS[name] ?? ORDINARY

/** A device of a fleet that is not there yet. */
export interface SeedDevice {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly site: string
  readonly battery: number
}

const device = (id: string, name: string, kind: string, site: string, battery = 100): SeedDevice => ({
  id,
  name,
  kind,
  site,
  battery,
})

/** The fleet that an empty database begins with. */
export const SEED_DEVICES: readonly SeedDevice[] = [
  device('d1', 'Cold room north', 'cold room', 'Rotterdam'),
  device('d2', 'Cold room south', 'cold room', 'Rotterdam'),
  device('d3', 'Vaccine fridge', 'fridge', 'Basel'),
  device('d4', 'Blast freezer', 'freezer', 'Rotterdam'),
  device('d5', 'Greenhouse A', 'greenhouse', 'Almería'),
  device('d6', 'Greenhouse B', 'greenhouse', 'Almería'),
  device('d7', 'Server room 1', 'server room', 'Frankfurt'),
  device('d8', 'Server room 2', 'server room', 'Frankfurt'),
  device('d9', 'Boiler house', 'boiler', 'Lyon'),
  device('d10', 'Paint shop', 'workshop', 'Lyon'),
  device('d11', 'Truck 14', 'truck', 'On the road', 83),
  device('d12', 'Truck 22', 'truck', 'On the road', 6),
]

/** Who looks after it. */
export const SEED_USERS = [
  { name: 'Ada Verhoeven', email: 'ada@example.com' },
  { name: 'Jonas Keller', email: 'jonas@example.com' },
  { name: 'Inés Robles', email: 'ines@example.com', status: 'inactive' },
] as const

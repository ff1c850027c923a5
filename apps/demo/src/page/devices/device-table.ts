import type { Device } from '../../rows.ts'
import { KeyedList } from '../dom/keyed-list.ts'
import { DeviceRow } from './device-row.ts'

/** Ids as people count them: d2 before d10. */
const byId = new Intl.Collator('en', { numeric: true })

/** The table of the fleet: one row a device, in the order of their ids. */
export class DeviceTable {
  readonly #rows = new Map<string, DeviceRow>()
  readonly #list: KeyedList<Device>
  #chosen = ''

  constructor(body: HTMLElement, choose: (key: string) => void) {
    this.#list = new KeyedList(
      body,
      (key) => {
        const row = new DeviceRow(key, choose)
        row.choose(key === this.#chosen)
        this.#rows.set(key, row)
        return row.root
      },
      (target, device) => this.#rows.get(target.dataset.key ?? '')?.fill(device),
    )
  }

  /** Shows these devices, and no other; with trends (temperatures by id, oldest first), after they were read anew. */
  show(devices: ReadonlyMap<string, Device>, trends?: ReadonlyMap<string, readonly number[]>): void {
    for (const key of this.#rows.keys()) if (!devices.has(key)) this.#rows.delete(key)
    this.#list.show([...devices].sort(([a], [b]) => byId.compare(a, b)))
    if (!trends) return
    for (const [key, device] of devices) this.#rows.get(key)?.begin(device, trends.get(key) ?? [])
  }

  /** Marks the row that is shown beside the table. */
  choose(key: string): void {
    this.#chosen = key
    for (const [each, row] of this.#rows) row.choose(each === key)
  }
}

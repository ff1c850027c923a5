import type { Device, Spec } from '../../rows.ts'
import { find, findNamed } from '../dom/find.ts'
import { write } from '../dom/write.ts'
import { numberOr, onSubmit } from '../forms/on-submit.ts'
import { clearProblem, showProblem } from '../forms/show-problem.ts'
import { degrees } from './device-row.ts'

/** The card of the device that was chosen: what it is, what it measures now, and the form with its settings. */
export class ChosenDevice {
  readonly #card = findNamed('chosen')
  readonly #form = find(document, '[data-testid="edit-form"]', HTMLFormElement)
  readonly #power = findNamed('power')
  #device: Device | undefined

  constructor(spec: Spec) {
    onSubmit(this.#form, async ({ name = '', threshold = '' }) => {
      if (!this.#device) return
      await spec.update('devices', this.#device.id, { name, threshold: numberOr(threshold) })
      for (const input of this.#form.querySelectorAll('input')) input.defaultValue = input.value
    })
    this.#power.addEventListener('click', () => {
      if (!this.#device) return
      const status = this.#device.status === 'offline' ? 'online' : 'offline'
      spec.update('devices', this.#device.id, { status }).catch((error: unknown) => showProblem(this.#form, error))
    })
  }

  /** Shows a device as it is now. A field that somebody is typing in keeps what was typed. */
  show(device: Device): void {
    if (device.id !== this.#device?.id) {
      this.#form.reset()
      clearProblem(this.#form)
      for (const input of this.#form.querySelectorAll('input')) input.value = input.defaultValue
    }
    this.#device = device
    this.#card.dataset.key = device.id
    this.#card.dataset.status = device.status
    write(findNamed('chosen-name'), device.name)
    write(findNamed('chosen-about'), `${device.id} · ${device.kind} · ${device.site}`)
    write(findNamed('chosen-temperature'), degrees(device.temperature))
    write(this.#power, device.status === 'offline' ? 'Switch on' : 'Switch off')
    this.#field('name', device.name)
    this.#field('threshold', String(device.threshold))
  }

  #field(name: string, value: string): void {
    const input = find(this.#form, `[name="${name}"]`, HTMLInputElement)
    const touched = input.value !== input.defaultValue
    input.defaultValue = value
    if (!touched) input.value = value
  }
}

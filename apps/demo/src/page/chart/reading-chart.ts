import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Reading } from '../../rows.ts'
import { degrees } from '../devices/device-row.ts'
import { type ChartData, chartOptions } from './chart-options.ts'

/** The chart of one device's last readings, with its alarm threshold. It follows its box's size and the colour scheme. */
export class ReadingChart {
  readonly #box: HTMLElement
  #plot: uPlot | undefined
  #readings: readonly Reading[] = []
  #threshold = 0

  constructor(box: HTMLElement, signal: AbortSignal) {
    this.#box = box
    const resized = new ResizeObserver(() => this.#plot?.setSize({ width: box.clientWidth, height: box.clientHeight }))
    resized.observe(box)
    signal.addEventListener('abort', () => resized.disconnect())
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#begin(), { signal })
    this.#begin()
  }

  /** Shows these readings, oldest first, and the threshold in °C. */
  show(readings: readonly Reading[], threshold: number): void {
    this.#readings = readings
    this.#threshold = threshold
    this.#plot?.setData(this.#data())
    this.#box.dataset.points = String(readings.length)
    const last = readings.at(-1)
    const words = last ? `${readings.length} readings, the last ${degrees(last.temperature)} °C` : 'No readings yet'
    this.#box.setAttribute('aria-label', `${words}; alarm from ${degrees(threshold)} °C`)
  }

  #begin(): void {
    this.#plot?.destroy()
    const { clientWidth: width, clientHeight: height } = this.#box
    this.#plot = new uPlot({ ...chartOptions(getComputedStyle(this.#box)), width, height }, this.#data(), this.#box)
  }

  #data(): ChartData {
    const seconds = this.#readings.map((reading) => Date.parse(reading.at) / 1000)
    return [
      seconds,
      this.#readings.map((reading) => reading.temperature),
      this.#readings.map((reading) => reading.humidity),
      seconds.map(() => this.#threshold),
    ]
  }
}

const WIDTH = 108
const HEIGHT = 30
const POINTS = 60
const SVG = 'http://www.w3.org/2000/svg'

/** A small curve of the last minute, with the alarm threshold as a dashed line when it is in sight. */
export class Sparkline {
  readonly root = document.createElementNS(SVG, 'svg')
  readonly #curve = document.createElementNS(SVG, 'polyline')
  readonly #limit = document.createElementNS(SVG, 'line')
  #values: number[] = []

  constructor() {
    this.root.setAttribute('class', 'spark')
    this.root.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`)
    this.root.setAttribute('aria-hidden', 'true')
    this.#limit.setAttribute('x2', String(WIDTH))
    this.root.append(this.#limit, this.#curve)
  }

  /** Begins with these values, oldest first. */
  begin(values: readonly number[]): void {
    this.#values = values.slice(-POINTS)
  }

  /** Adds the newest value. */
  push(value: number): void {
    this.#values = [...this.#values.slice(1 - POINTS), value]
  }

  /** Draws what it has; the scale holds the values and at least 3 °C. */
  draw(threshold: number): void {
    const middle = (Math.min(...this.#values) + Math.max(...this.#values)) / 2
    const low = Math.min(middle - 1.5, ...this.#values)
    const high = Math.max(middle + 1.5, ...this.#values)
    const y = (value: number): number => HEIGHT - 2 - ((value - low) / (high - low)) * (HEIGHT - 4)
    const x = (index: number): number => WIDTH - ((this.#values.length - 1 - index) / (POINTS - 1)) * WIDTH
    const points = this.#values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`)
    this.#curve.setAttribute('points', points.join(' '))
    const visible = threshold >= low && threshold <= high
    this.#limit.style.display = visible ? '' : 'none'
    if (!visible) return
    this.#limit.setAttribute('y1', y(threshold).toFixed(1))
    this.#limit.setAttribute('y2', y(threshold).toFixed(1))
  }
}

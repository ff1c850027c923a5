import { element } from '../dom/element.ts'
import { find, findNamed } from '../dom/find.ts'
import type { Published } from './publish-reader.ts'
import type { Way } from './tap.ts'
import { tintedJson } from './tinted-json.ts'

const KEPT = 60
const PAINT_MS = 500

interface Line extends Published {
  readonly way: Way
}

/** The log of what was on the wire, newest first. It is painted twice a second at most, and not while it is read. */
export class WireLog {
  readonly #list = findNamed('wire')
  readonly #pause = findNamed('wire-pause')
  readonly #waiting: Line[] = []
  #show = 'all'
  #paused = false
  #seen = 0

  /** Starts the log and its clock, until the signal. */
  constructor(signal: AbortSignal) {
    const choices = find(document, '.wire .choices', HTMLElement)
    choices.addEventListener('click', (event) => this.#choose(choices, event.target))
    this.#pause.addEventListener('click', () => this.#setPaused(!this.#paused))
    const clock = setInterval(() => this.#paint(), PAINT_MS)
    signal.addEventListener('abort', () => clearInterval(clock))
  }

  /** Adds a message. */
  add(way: Way, message: Published): void {
    this.#seen += 1
    this.#waiting.push({ way, ...message })
    if (this.#waiting.length > KEPT) this.#waiting.shift()
  }

  /** How many messages there were since this was last asked. */
  count(): number {
    const seen = this.#seen
    this.#seen = 0
    return seen
  }

  #choose(choices: HTMLElement, target: EventTarget | null): void {
    if (!(target instanceof HTMLButtonElement)) return
    for (const button of choices.querySelectorAll('button'))
      button.setAttribute('aria-pressed', String(button === target))
    this.#show = target.dataset.show ?? 'all'
    for (const line of this.#list.children) if (line instanceof HTMLElement) this.#sift(line)
  }

  #setPaused(paused: boolean): void {
    this.#paused = paused
    this.#pause.setAttribute('aria-pressed', String(paused))
    this.#pause.textContent = paused ? 'Go on' : 'Pause'
  }

  #paint(): void {
    const held = this.#paused || this.#list.querySelector('details[open]') !== null || this.#list.matches(':hover')
    if (held || this.#waiting.length === 0) return
    for (const line of this.#waiting.splice(0)) {
      const made = lineElement(line)
      this.#sift(made)
      this.#list.prepend(made)
    }
    while (this.#list.childElementCount > KEPT) this.#list.lastElementChild?.remove()
  }

  #sift(line: HTMLElement): void {
    line.hidden = this.#show !== 'all' && line.dataset.sort !== this.#show
  }
}

function lineElement({ way, topic, payload }: Line): HTMLElement {
  const sort = /\/notify\/[^/]+$/.test(topic) ? 'told' : 'asked'
  const summary = element(
    'summary',
    {},
    element('b', {}, way === 'out' ? '↑' : '↓'),
    element('span', {}, topic),
    element('code', {}, tintedJson(payload)),
  )
  const whole = element('details', {}, summary)
  whole.addEventListener('toggle', () => whole.append(element('pre', {}, tintedJson(pretty(payload)))), { once: true })
  return element('li', { 'data-testid': 'wire-line', 'data-way': way, 'data-sort': sort }, whole)
}

function pretty(payload: string): string {
  try {
    return JSON.stringify(JSON.parse(payload), null, 2)
  } catch {
    return payload
  }
}

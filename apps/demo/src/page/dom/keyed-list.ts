/** A list of elements in the page, each kept for as long as its key is there. */
export class KeyedList<Item> {
  readonly #parent: Element
  readonly #make: (key: string) => HTMLElement
  readonly #fill: (target: HTMLElement, item: Item) => void
  readonly #shown = new Map<string, HTMLElement>()

  constructor(parent: Element, make: (key: string) => HTMLElement, fill: (target: HTMLElement, item: Item) => void) {
    this.#parent = parent
    this.#make = make
    this.#fill = fill
  }

  /** Shows these items, in this order: what stays is filled in place, so that focus and selection stay too. */
  show(items: Iterable<readonly [key: string, item: Item]>): void {
    const wanted = new Map(items)
    for (const [key, target] of this.#shown) {
      if (wanted.has(key)) continue
      target.remove()
      this.#shown.delete(key)
    }
    let next = this.#parent.firstElementChild
    for (const [key, item] of wanted) {
      const target = this.#shown.get(key) ?? this.#make(key)
      this.#shown.set(key, target)
      this.#fill(target, item)
      if (target === next) next = next.nextElementSibling
      else this.#parent.insertBefore(target, next)
    }
  }

  /** The element of a key, if it is shown. */
  get(key: string): HTMLElement | undefined {
    return this.#shown.get(key)
  }
}

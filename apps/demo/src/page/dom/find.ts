/** The one element that matches, of the class that is expected; an Error says which is missing. */
export function find<Kind extends Element>(root: ParentNode, selector: string, kind: new () => Kind): Kind {
  const found = root.querySelector(selector)
  if (found instanceof kind) return found
  throw new Error(`The page has no ${kind.name} ${selector}`)
}

/** The one HTML element with this `data-testid`. */
export const findNamed = (name: string): HTMLElement => find(document, `[data-testid="${name}"]`, HTMLElement)

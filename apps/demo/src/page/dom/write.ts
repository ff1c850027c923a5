/** Sets an element's text when it differs, so that nothing is announced or painted twice; says whether it did. */
export function write(target: Element, text: string): boolean {
  if (target.textContent === text) return false
  target.textContent = text
  return true
}

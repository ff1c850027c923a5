import { isSpecError } from '@mqttspec/protocol'
import { element } from '../dom/element.ts'

/** Shows, in the form's own place for it, what the server had against the input, and marks the fields it named. */
export function showProblem(form: HTMLFormElement, error: unknown): void {
  clearProblem(form)
  const place = form.querySelector('.problem')
  if (!isSpecError(error)) {
    place?.replaceChildren(error instanceof Error ? error.message : String(error))
    return
  }
  const { path, columns = [], issues = [] } = error.details ?? {}
  const named = [...columns, ...[path, ...issues.map((issue) => issue.path)].map((each) => String(each?.at(-1)))]
  for (const input of form.querySelectorAll('input')) {
    if (named.includes(input.name)) input.setAttribute('aria-invalid', 'true')
  }
  const where = path ? [' ', element('code', { 'data-part': 'path' }, path.join('.'))] : []
  place?.replaceChildren(element('code', { 'data-part': 'code' }, error.code), error.message, ...where)
}

/** Takes the problem and its marks away. */
export function clearProblem(form: HTMLFormElement): void {
  form.querySelector('.problem')?.replaceChildren()
  for (const input of form.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid')
}

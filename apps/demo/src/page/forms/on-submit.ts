import { clearProblem, showProblem } from './show-problem.ts'

/**
 * Runs `send` with the form's text fields when it is submitted; one submit at a time. What `send` throws is shown in
 * the form. The server judges the values: nothing is checked here.
 */
export function onSubmit(form: HTMLFormElement, send: (fields: Record<string, string>) => Promise<void>): void {
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (form.ariaBusy === 'true') return
    form.ariaBusy = 'true'
    const fields = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]))
    send(fields)
      .then(
        () => clearProblem(form),
        (error: unknown) => showProblem(form, error),
      )
      .finally(() => {
        form.ariaBusy = null
      })
  })
}

/** The number that a text says; a text that says none goes to the server as it is, which knows what to say about it. */
export function numberOr(text: string): number {
  const number = Number(text.replace(',', '.').replace('−', '-'))
  return text !== '' && Number.isFinite(number) ? number : (text as unknown as number)
}

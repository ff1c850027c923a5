import { type ErrorCode, SpecError } from '@mqttspec/protocol'
import type * as z from 'zod/mini'

type Issue = z.core.$ZodIssue
interface Found {
  readonly path: (string | number)[]
  readonly message: string
  /** There is nothing of this name here: a preload that cannot be asked for is no wrong preload. */
  readonly unknown?: boolean
}

const MAX_ISSUES = 20

/** The error of a message that has the wrong form: its code from where the first issue stands, all with their paths. */
export function explainIssues(issues: readonly Issue[]): SpecError {
  const found = issues.flatMap((issue) => leaves(issue, [])).slice(0, MAX_ISSUES)
  const first: Found = found[0] ?? { path: [], message: 'the message has the wrong form' }
  const where = first.path.length > 0 ? ` at ${first.path.join('.')}` : ''
  const code = codeAt(first.unknown ? first.path.slice(0, -1) : first.path)
  return new SpecError(code, `${first.message}${where}.`.replace('..', '.'), {
    path: first.path,
    ...indexAt(first.path),
    issues: found.map(({ path, message }) => ({ path, message })),
  })
}

/** Which row of many, or which operation of a batch. */
function indexAt([first, second, third]: readonly (string | number)[]): { readonly index?: number } {
  if (first !== 'data') return {}
  const index = second === 'operations' ? third : second
  return typeof index === 'number' ? { index } : {}
}

/** The code for something wrong at a place in a message. */
export function codeAt(path: readonly (string | number)[]): ErrorCode {
  const [first, second] = path
  if (first === 'data' || first === 'record_id') return 'invalid_data'
  if (first !== 'options') return first === 'subscription_id' ? 'invalid_subscription' : 'invalid_message'
  if (second === 'preload') return 'invalid_preload'
  return second === 'cursor_forward' || second === 'cursor_backward' ? 'cursor_error' : 'invalid_options'
}

/** An issue with its whole path; of a union, the issues of the form that was most likely meant. */
function leaves(issue: Issue, base: readonly (string | number)[]): Found[] {
  const path = [...base, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))]
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const forms = issue.errors.map((errors) => errors.flatMap((error) => leaves(error, path)))
    return forms.reduce((best, form) => (depth(form) > depth(best) ? form : best))
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `There is no "${key.slice(0, 64)}" here`,
      unknown: true,
    }))
  }
  return [{ path, message: issue.message }]
}

// The form whose trouble lies deepest had the right outside.
const depth = (form: readonly Found[]): number => Math.min(...form.map(({ path }) => path.length)) - form.length / 100

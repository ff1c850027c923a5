/** What a machine may lack, as tests name it: `… (needs PostgreSQL)`, `with PostgreSQL, which is not installed`. */
const SERVICES = /postgres|mosquitto|chromium|python|paho/i

/** What the projects need whose tests say nothing else. */
const NEEDS_OF_PROJECT = new Map([
  ['postgres', 'PostgreSQL'],
  ['mosquitto', 'Mosquitto'],
  ['browser', 'Chromium'],
])

/**
 * What a test run comes to. `lines` say it to people, the last one as `N passed, N failed`. `failed` is above zero when
 * anything failed, in a test or outside, when nothing ran at all, and, where services are required, when one was
 * missing. Tests of what is not built yet are told by name and fail nothing.
 *
 * @param {import('./test-report.mjs').TestReport} report
 * @param {{ exitCode: number | null, servicesRequired: boolean }} run
 * @returns {{ lines: string[], passed: number, failed: number }}
 */
export function summariseTests({ tests, errors }, { exitCode, servicesRequired }) {
  const passed = tests.filter(({ state }) => state === 'passed').length
  const failures = tests.filter(({ state }) => state === 'failed').map(({ project, name }) => `${project}: ${name}`)
  const problems = [...errors]
  if (tests.length === 0 && errors.length === 0) problems.push('no test was found')
  else if (passed + failures.length + errors.length === 0) problems.push('no test ran')
  const needed = groupByNeed(tests)
  const missing = [...needed].filter(([need]) => SERVICES.test(need))
  const pending = [...needed].filter(([need]) => !SERVICES.test(need))
  const lines = [
    ...missing.map(([need, names]) => `skipped: ${names.length} (needs ${need})`),
    ...pending.flatMap(([need, names]) => [
      `pending: ${names.length} (needs ${need})`,
      ...names.map((name) => `    ${name}`),
    ]),
  ]
  if (servicesRequired && missing.length > 0) {
    problems.push(`REQUIRE_SERVICES is set, and this machine lacks ${missing.map(([need]) => need).join(', ')}`)
  }
  let failed = failures.length + problems.length
  if (failed === 0 && exitCode !== 0) {
    problems.push(`the test runner ended with ${exitCode}`)
    failed = 1
  }
  lines.push(...[...failures, ...problems].map((what) => `failed: ${what}`), `${passed} passed, ${failed} failed`)
  return { lines, passed, failed }
}

/**
 * The names of the skipped tests by what they need. A test that was left out by a filter says nothing, and is in none.
 *
 * @param {import('./test-report.mjs').ReportedTest[]} tests
 */
function groupByNeed(tests) {
  /** @type {Map<string, string[]>} */
  const groups = new Map()
  const ran = new Set(tests.filter(({ state }) => state !== 'skipped').map(({ project }) => project))
  for (const { project, name, state, note } of tests) {
    if (state !== 'skipped') continue
    const said =
      /\bneeds ([^()]+)/.exec(note ?? '') ??
      /\(needs ([^()]+)\)/.exec(name) ??
      /\bwith ([\w -]+), which is not installed/.exec(name)
    const need = said?.[1]?.trim() ?? (ran.has(project) ? undefined : NEEDS_OF_PROJECT.get(project))
    if (need) groups.set(need, [...(groups.get(need) ?? []), name])
  }
  return groups
}

import { describe, expect, test } from 'vitest'
import { summariseTests } from './summarise-tests.mjs'

const passing = { project: 'unit', name: 'adds', state: 'passed' } as const
const failing = { project: 'unit', name: 'subtracts', state: 'failed' } as const
const withoutPostgres = { project: 'integration', name: 'suite (needs PostgreSQL) reads', state: 'skipped' } as const
const notBuilt = { project: 'postgres', name: 'case B33: nested rows (needs preload)', state: 'skipped' } as const
const fine = { exitCode: 0, servicesRequired: false }
const last = ({ lines }: { lines: string[] }) => lines.at(-1)

describe('the summary of a test run', () => {
  test('counts what passed and what failed in its last line', () => {
    const summary = summariseTests({ tests: [passing, passing, failing], errors: [] }, { ...fine, exitCode: 1 })
    expect(last(summary)).toBe('2 passed, 1 failed')
    expect(summary.lines).toContain('failed: unit: subtracts')
  })

  test('counts a failure outside of a test, such as a file that cannot be loaded', () => {
    const summary = summariseTests(
      { tests: [passing], errors: ['a.test.ts: no such module'] },
      { ...fine, exitCode: 1 },
    )
    expect(last(summary)).toBe('1 passed, 1 failed')
  })

  test('fails when the runner failed without saying why', () => {
    expect(last(summariseTests({ tests: [passing], errors: [] }, { ...fine, exitCode: 139 }))).toBe(
      '1 passed, 1 failed',
    )
  })

  test('fails when there was nothing to run', () => {
    expect(last(summariseTests({ tests: [], errors: [] }, fine))).toBe('0 passed, 1 failed')
    expect(last(summariseTests({ tests: [withoutPostgres], errors: [] }, fine))).toBe('0 passed, 1 failed')
  })

  test('says what the skipped tests need, and fails for it only where services are required', () => {
    const tests = [passing, withoutPostgres, withoutPostgres]
    const here = summariseTests({ tests, errors: [] }, fine)
    expect(here.lines).toEqual(['skipped: 2 (needs PostgreSQL)', '1 passed, 0 failed'])
    const inCi = summariseTests({ tests, errors: [] }, { ...fine, servicesRequired: true })
    expect(last(inCi)).toBe('1 passed, 1 failed')
  })

  test('takes what a test says when it skips itself, and what its project needs when it says nothing', () => {
    const noted = {
      project: 'languages',
      name: 'paho',
      state: 'skipped',
      note: 'needs python3 with paho-mqtt',
    } as const
    const absent = {
      project: 'integration',
      name: 'with PostgreSQL, which is not installed > was not tested',
      state: 'skipped',
    } as const
    const silent = { project: 'browser', name: 'the demo', state: 'skipped' } as const
    const { lines } = summariseTests({ tests: [passing, noted, absent, silent], errors: [] }, fine)
    expect(lines).toContain('skipped: 1 (needs python3 with paho-mqtt)')
    expect(lines).toContain('skipped: 1 (needs PostgreSQL)')
    expect(lines).toContain('skipped: 1 (needs Chromium)')
  })

  test('lists what waits for a feature by name, and never fails for it', () => {
    const summary = summariseTests({ tests: [passing, notBuilt], errors: [] }, { ...fine, servicesRequired: true })
    expect(summary.lines).toEqual([
      'pending: 1 (needs preload)',
      '    case B33: nested rows (needs preload)',
      '1 passed, 0 failed',
    ])
  })

  test('says nothing of tests that a filter left out', () => {
    const filtered = { project: 'unit', name: 'divides', state: 'skipped' } as const
    expect(summariseTests({ tests: [passing, filtered], errors: [] }, fine).lines).toEqual(['1 passed, 0 failed'])
  })
})

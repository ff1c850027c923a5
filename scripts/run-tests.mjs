// `pnpm test`: runs every test that this machine can run, says what the others need, and ends with a line
// `N passed, N failed`. Arguments go to vitest: `pnpm test packages/protocol`, `pnpm test --project unit`.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { summariseTests } from './summarise-tests.mjs'

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
const reporter = fileURLToPath(new URL('./test-report.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'mqttspec-tests-'))
const file = join(folder, 'report.json')

try {
  const child = spawn(
    process.execPath,
    [vitest, 'run', '--reporter=default', `--reporter=${reporter}`, ...process.argv.slice(2)],
    {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...process.env, TEST_REPORT: file },
      stdio: 'inherit',
    },
  )
  // Ctrl-C reaches vitest too, which then stops what its tests have started: wait for it.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  const [exitCode] = await once(child, 'exit')
  const report = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : { tests: [], errors: [`the test runner ended with ${exitCode} and no report`] }
  const servicesRequired = process.env.REQUIRE_SERVICES === '1'
  const { lines, failed } = summariseTests(report, { exitCode, servicesRequired })
  console.log(`\n${lines.join('\n')}`)
  process.exitCode = failed > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}

import { writeFileSync } from 'node:fs'

/**
 * @typedef {{
 *   project: string,
 *   name: string,
 *   state: 'passed' | 'failed' | 'skipped' | 'pending',
 *   note?: string | undefined,
 * }} ReportedTest `note`: what `context.skip(note)` said
 * @typedef {{ tests: ReportedTest[], errors: string[] }} TestReport `errors`: what failed outside of a test
 */

/** A vitest reporter that writes a `TestReport` as JSON to the file that TEST_REPORT names. */
export default class TestReportWriter {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly { name?: string, message?: string }[]} unhandled
   */
  onTestRunEnd(modules, unhandled) {
    // The compiler's errors outside of type tests are one failure: `pnpm types` lists them, with their places.
    const compiler = unhandled.filter(({ name }) => name === 'TypeCheckError')
    const errors = unhandled.filter((error) => !compiler.includes(error)).map((error) => firstLine(error.message))
    if (compiler.length > 0) errors.push(`the types have ${compiler.length} errors outside of tests: pnpm types`)
    const tests = modules.flatMap((module) => {
      for (const part of [module, ...module.children.allSuites()]) {
        const where = part.type === 'module' ? module.relativeModuleId : part.fullName
        errors.push(...part.errors().map((error) => `${where}: ${firstLine(error.message)}`))
      }
      return [...module.children.allTests()].map((test) => reported(test))
    })
    /** @type {TestReport} */
    const report = { tests, errors }
    writeFileSync(process.env.TEST_REPORT ?? 'test-report.json', JSON.stringify(report))
  }
}

/**
 * @param {import('vitest/node').TestCase} test
 * @returns {ReportedTest}
 */
function reported(test) {
  const result = test.result()
  const note = result.state === 'skipped' ? result.note : undefined
  return { project: test.project.name, name: test.fullName, state: result.state, note }
}

/** @param {string | undefined} message */
const firstLine = (message = 'an error without a message') => message.split('\n')[0] ?? ''

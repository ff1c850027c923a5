// `pnpm check:packages`, after `pnpm build`: looks at the packages as a registry would get them, not as they are in the
// workspace, and uses them as somebody would who installed them. Ends with a line `N passed, N failed`.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkContents } from './packages/check-contents.mjs'
import { lintPackage } from './packages/lint-package.mjs'
import { measureClient } from './packages/measure-client.mjs'
import { packPackage } from './packages/pack-package.mjs'
import { runTool } from './packages/run.mjs'
import { installPackages } from './packages/use-installed.mjs'

const PACKAGES = ['protocol', 'server', 'client']
const root = fileURLToPath(new URL('..', import.meta.url))
let passed = 0
let failed = 0

/**
 * Runs one check and says how it went; gives what it gave, or undefined when it failed.
 *
 * @template T
 * @param {string} name
 * @param {() => T | Promise<T>} body
 */
async function check(name, body) {
  const started = performance.now()
  const took = () => `${((performance.now() - started) / 1000).toFixed(1)} s`
  try {
    const result = await body()
    passed += 1
    console.log(`ok      ${name}${typeof result === 'string' ? `: ${result}` : ''} (${took()})`)
    return result
  } catch (error) {
    failed += 1
    console.log(`FAILED  ${name} (${took()})\n${error instanceof Error ? error.message : error}`)
    return undefined
  }
}

const folder = mkdtempSync(join(tmpdir(), 'mqttspec-packages-'))
try {
  await check('knip', async () => void (await runTool('knip', ['--no-config-hints'], root)))
  /** @type {import("./packages/pack-package.mjs").PackedPackage[]} */
  const packed = []
  for (const name of PACKAGES) {
    const one = await check(`${name}: packed`, () => packPackage(join(root, 'packages', name), folder))
    if (!one) continue
    packed.push(one)
    await check(`${name}: contents`, () => checkContents(one))
    await check(`${name}: publint`, () => lintPackage(one))
    const args = [one.tarball, '--profile', 'esm-only', '--no-color', '--no-emoji']
    await check(`${name}: types resolve`, async () => void (await runTool('attw', args, folder)))
  }
  await check('client: size', () => measureClient(join(root, 'packages/client')))
  const project = await check('installed: from the tarballs', () => installPackages(root, packed, folder))
  if (project) {
    await check('installed: types for a bundler', () => project.checkTypes('esnext', 'bundler'))
    await check('installed: types for Node', () => project.checkTypes('nodenext', 'nodenext'))
    await check('installed: serves, reads, follows, ends by itself', () => project.run())
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

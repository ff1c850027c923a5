import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A clone's root as npm sees it, less the tools: npm fetches those before any script of ours may speak. */
function cloneForNpm(): { readonly folder: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'mqttspec-npm-'))
  cpSync(join(root, 'scripts/only-pnpm.mjs'), join(folder, 'scripts/only-pnpm.mjs'))
  const { devDependencies: _tools, ...manifest } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

test('npm install fails, and names the commands that work', () => {
  using clone = cloneForNpm()
  const args = ['install', '--ignore-scripts=false', '--offline', '--no-audit', '--no-update-notifier']
  // As pnpm runs these tests, its own settings are in the environment: npm would take some of them for its own.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm|pnpm)_/i.test(name)))
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: clone.folder, env, encoding: 'utf8' })
  expect(status).not.toBe(0)
  expect(stdout + stderr).toContain('npx -y pnpm@10.34.9 demo')
  expect(stdout + stderr).toContain('npx -y pnpm@10.34.9 test')
})

test('the commands that are named are those of package.json, with its version of pnpm', () => {
  const guidance = readFileSync(join(root, 'scripts/only-pnpm.mjs'), 'utf8')
  const { packageManager, scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const [, command = '', script = ''] of guidance.matchAll(/npx -y (\S+) (\w+)/g)) {
    expect(command).toBe(packageManager)
    expect(Object.keys(scripts)).toContain(script)
  }
  expect.assertions(4)
})

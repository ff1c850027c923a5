import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'

const ours = createRequire(import.meta.url)

/** The version of the package that `require` would find, as three numbers. */
function versionOf(name: string, require = ours): number[] {
  const path = require.resolve(name)
  const folder = path.slice(0, path.lastIndexOf(`node_modules/${name}/`) + `node_modules/${name}/`.length)
  const { version } = JSON.parse(readFileSync(`${folder}package.json`, 'utf8')) as { version: string }
  return version.split('.').map(Number)
}

function isAtLeast(version: readonly number[], least: readonly number[]): boolean {
  const at = least.findIndex((number, index) => number !== version[index])
  return at < 0 || (version[at] ?? 0) > (least[at] ?? 0)
}

/** Older ones have holes that are known: unbounded packets, crashes by a topic, and worse. */
describe('what the transport is built on', () => {
  it.each([
    ['aedes', [1, 2, 0]],
    ['mqtt', [5, 16, 0]],
    ['ws', [8, 21, 0]],
  ] as const)('has %s of at least %j', (name, least) => {
    expect(isAtLeast(versionOf(name), least), versionOf(name).join('.')).toBe(true)
  })

  it('has a parser of at least 9.0.2 in the broker', () => {
    const version = versionOf('mqtt-packet', createRequire(ours.resolve('aedes')))
    expect(isAtLeast(version, [9, 0, 2]), version.join('.')).toBe(true)
  })

  it('is compared number by number', () => {
    expect(isAtLeast([1, 10, 0], [1, 2, 0])).toBe(true)
    expect(isAtLeast([1, 1, 9], [1, 2, 0])).toBe(false)
    expect(isAtLeast([2, 0, 0], [1, 2, 0])).toBe(true)
    expect(isAtLeast([1, 2, 0], [1, 2, 0])).toBe(true)
  })
})

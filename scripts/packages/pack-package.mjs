import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, runTool } from './run.mjs'

/**
 * @typedef {{ name: string, peerDependencies?: Record<string, string>, [key: string]: unknown }} Manifest
 * @typedef {{ name: string, tarball: string, contents: string, manifest: Manifest }} PackedPackage `contents`: the folder
 */

/**
 * Packs a package as it would be published, into `folder`, and unpacks it there to be looked at.
 *
 * @param {string} source
 * @param {string} folder
 * @returns {Promise<PackedPackage>}
 */
export async function packPackage(source, folder) {
  const printed = await runTool('pnpm', ['pack', '--json', '--pack-destination', folder], source)
  const { name, filename } = JSON.parse(printed.slice(printed.indexOf('{')))
  const unpacked = join(folder, 'unpacked', name)
  mkdirSync(unpacked, { recursive: true })
  await run('tar', ['-xzf', filename, '-C', unpacked, '--strip-components=1'], folder)
  const manifest = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'))
  return { name, tarball: filename, contents: unpacked, manifest }
}

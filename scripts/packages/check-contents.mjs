import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const MAX_FILES = 40
const EXPECTED = ['LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts', 'package.json']

/**
 * Is everything in a packed package that belongs there, and nothing else? Throws with all that is wrong; tells how many
 * files there are.
 *
 * @param {import('./pack-package.mjs').PackedPackage} packed
 */
export function checkContents({ contents, manifest }) {
  const files = readdirSync(contents, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(contents.length + 1))
  const text = JSON.stringify(manifest)
  const trouble = [
    ...EXPECTED.filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
    ...files
      .filter((file) => /^(src|scripts|test)\/|\.test\.|tsup/.test(file))
      .map((file) => `${file} does not belong`),
    ...(files.length > MAX_FILES ? [`${files.length} files are more than ${MAX_FILES}`] : []),
    ...['workspace:', 'catalog:', '@mqttspec/source']
      .filter((word) => text.includes(word))
      .map((word) => `package.json still says ${word}`),
    ...['license', 'description', 'engines', 'exports']
      .filter((key) => !(key in manifest))
      .map((key) => `package.json does not say its ${key}`),
  ]
  if (trouble.length > 0) throw new Error(trouble.join('\n'))
  return `${files.length} files`
}

import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

/**
 * Throws with whatever publint has against a packed package, suggestions included.
 *
 * @param {import('./pack-package.mjs').PackedPackage} packed
 */
export async function lintPackage({ contents, manifest }) {
  const { messages } = await publint({ pkgDir: contents, pack: false, strict: true })
  if (messages.length > 0) throw new Error(messages.map((message) => formatMessage(message, manifest)).join('\n'))
}

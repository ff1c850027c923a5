import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { build } from 'esbuild'

/** A sixth of mqtt.js. It was 12 kB before there were live queries and writes that wait for a connection: 3 kB of it. */
const MAX_BYTES = 15_000

/**
 * Tells what the client adds to a page: minified, brotli, the protocol and its validation included, once without mqtt.js
 * and once with it. Throws when it is too much without.
 *
 * @param {string} client the package's folder, built
 */
export async function measureClient(client) {
  const own = await brotliBytes(client, ['mqtt'])
  const all = await brotliBytes(client, [])
  const sizes = `${(own / 1000).toFixed(1)} kB, with mqtt ${(all / 1000).toFixed(1)} kB (brotli)`
  if (own > MAX_BYTES) throw new Error(`${sizes}: more than ${MAX_BYTES / 1000} kB without mqtt`)
  return sizes
}

/**
 * @param {string} client
 * @param {string[]} external
 */
async function brotliBytes(client, external) {
  const { outputFiles } = await build({
    stdin: { contents: `export * from './dist/index.js'`, resolveDir: client, sourcefile: join(client, 'page.js') },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external,
    write: false,
    logLevel: 'silent',
  })
  return brotliCompressSync(outputFiles[0]?.contents ?? new Uint8Array()).byteLength
}

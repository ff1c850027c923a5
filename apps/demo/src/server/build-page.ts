import { fileURLToPath } from 'node:url'
import { build, defaultClientConditions } from 'vite'

/** The files of the page, by path such as `/index.html`. */
export type PageFiles = ReadonlyMap<string, string | Uint8Array>

/**
 * Builds the page in memory. A build rather than Vite's dev server: it takes a second, needs no cache, and the browser
 * fetches three files instead of two hundred.
 */
export async function buildPage(): Promise<PageFiles> {
  const built = await build({
    root: fileURLToPath(new URL('../page', import.meta.url)),
    configFile: false,
    logLevel: 'warn',
    resolve: { conditions: ['@mqttspec/source', ...defaultClientConditions] },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      reportCompressedSize: false,
      chunkSizeWarningLimit: 1_000,
    },
  })
  const files = new Map<string, string | Uint8Array>()
  for (const result of Array.isArray(built) ? built : [built]) {
    if (!('output' in result)) continue
    for (const file of result.output) files.set(`/${file.fileName}`, file.type === 'chunk' ? file.code : file.source)
  }
  return files
}

import { execFileSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { defineConfig } from 'tsup'

/** Entries of worker threads, which the bundle starts by their path: they stay files of their own, next to it. */
const WORKERS = ['src/db/pglite/pglite-worker.mjs', 'src/db/pglite/make-template-worker.mjs']

export default defineConfig({
  entry: ['src/index.ts'],
  format: ['esm'],
  target: 'node20',
  dts: true,
  clean: true,
  sourcemap: true,
  onSuccess: async () => {
    for (const worker of WORKERS) copyFileSync(worker, `dist/${worker.split('/').at(-1)}`)
    execFileSync(process.execPath, ['scripts/make-template.mjs'], { stdio: 'inherit' })
  },
})

// Makes template/pglite-<version>.tar.br, from which a new PGlite database starts; the build runs it, and the package
// ships it. Does nothing when the file is there. A clone that was never built makes its own at the first start.

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const pglite = dirname(dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite')))
const { version } = JSON.parse(readFileSync(join(pglite, 'package.json'), 'utf8'))
const folder = join(root, 'template')
const name = `pglite-${version}.tar.br`

if (!existsSync(join(folder, name))) {
  console.log(`Making template/${name}`)
  const worker = new Worker(new URL('../src/db/pglite/make-template-worker.mjs', import.meta.url), {
    workerData: { file: join(folder, name) },
  })
  await new Promise((resolve, reject) => {
    worker.on('error', reject)
    worker.on('exit', resolve)
  })
}
for (const other of readdirSync(folder)) {
  if (other !== name) rmSync(join(folder, other))
}

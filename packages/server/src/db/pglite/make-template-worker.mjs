// Makes the data directory from which every new PGlite database starts: 0.4 s instead of 3 s and 700 MB for `initdb`
// in WebAssembly. Run as a worker thread with `workerData: { file }`; also by `scripts/make-template.mjs`.
//
// Measured (0.5.16, Node 20): as a plain tar 40 MB; gzip 4.5 MB; brotli 1.5 MB, unpacked in 60 ms. With WAL segments
// of 1 MB instead of 16 MB 1.2 MB, unpacked in 20 ms, a start in 0.38 s instead of 0.43 s and 50 MB less memory.

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { threadId, workerData } from 'node:worker_threads'
import { brotliCompressSync, constants } from 'node:zlib'
import { PGlite } from '@electric-sql/pglite'

const { file } = /** @type {{ file: string }} */ (workerData)

const database = await PGlite.create({ initDbStartParams: ['--wal-segsize=1'] })
await database.exec('vacuum (freeze, analyze)')
await database.exec('checkpoint')
const tar = await (await database.dumpDataDir('none')).arrayBuffer()
await database.close()

const packed = brotliCompressSync(tar, {
  params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS },
})

// Another process may be making the same file: a rename is all or nothing, and either result will do.
const unfinished = `${file}.${process.pid}-${threadId}`
mkdirSync(dirname(file), { recursive: true })
try {
  writeFileSync(unfinished, packed)
  renameSync(unfinished, file)
} finally {
  rmSync(unfinished, { force: true })
}

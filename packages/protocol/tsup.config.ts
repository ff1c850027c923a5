import { defineConfig } from 'tsup'

export default defineConfig({
  // The schemas are files of their own, so that a page which only uses types, topics and errors carries neither them
  // nor zod: a bundler drops a file that nothing is used of, but not the calls that made a schema.
  entry: ['src/index.ts', 'src/messages/up.ts', 'src/messages/down.ts'],
  format: ['esm'],
  target: 'node20',
  dts: { entry: 'src/index.ts' },
  clean: true,
  sourcemap: true,
})

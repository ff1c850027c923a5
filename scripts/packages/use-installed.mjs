import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run, runTool } from './run.mjs'

/** The project of somebody who uses the packages. */
const sources = fileURLToPath(new URL('../../tests/packages/installed', import.meta.url))
const FILES = ['schema', 'api', 'main']

/**
 * Makes a project outside of the workspace that has the tarballs and nothing of the workspace installed, and can be
 * type-checked and run.
 *
 * @param {string} root of the workspace, for the versions of what the project needs besides
 * @param {readonly import('./pack-package.mjs').PackedPackage[]} packed
 * @param {string} folder
 */
export async function installPackages(root, packed, folder) {
  const project = join(folder, 'project')
  mkdirSync(project)
  for (const name of FILES) copyFileSync(join(sources, `${name}.ts`), join(project, `${name}.ts`))
  const local = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]))
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const drizzle = packed.map(({ manifest }) => manifest.peerDependencies?.['drizzle-orm']).find((range) => range)
  writeJson('package.json', {
    name: 'somebody',
    private: true,
    type: 'module',
    dependencies: { ...local, 'drizzle-orm': drizzle },
    devDependencies: { '@types/node': devDependencies['@types/node'] },
  })
  // Without the override a dependency between the packages would be looked for in the registry.
  writeJson('pnpm-workspace.yaml', { overrides: local, ignoredBuiltDependencies: ['esbuild'] })
  await runTool('pnpm', ['install', '--prefer-offline'], project)
  return {
    /**
     * Compiles the project strictly, with this way of finding modules.
     *
     * @param {string} module
     * @param {string} moduleResolution
     */
    async checkTypes(module, moduleResolution) {
      writeJson('tsconfig.json', {
        compilerOptions: {
          target: 'es2022',
          lib: ['es2023', 'esnext.disposable'],
          module,
          moduleResolution,
          types: ['node'],
          strict: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: true,
          outDir: 'out',
        },
        files: FILES.map((name) => `${name}.ts`),
      })
      await runTool('tsc', ['-p', 'tsconfig.json'], project)
    },
    /** Runs what the last `checkTypes` compiled; it must end by itself. */
    async run() {
      const printed = await run(process.execPath, ['out/main.js'], project)
      if (!printed.endsWith('done\n')) throw new Error(`it ended too early:\n${printed}`)
    },
  }

  /**
   * @param {string} name
   * @param {unknown} value
   */
  function writeJson(name, value) {
    writeFileSync(join(project, name), JSON.stringify(value, undefined, 2))
  }
}

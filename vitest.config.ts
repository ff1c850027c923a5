import { defineConfig } from 'vitest/config'

/** Packages are tested from their sources, so that no test waits for a build. */
// Named alone: with more, Node would be told them too, and `require('ws')` in mqtt.js would get its ES module wrapper.
const conditions = ['@mqttspec/source']
const source = { resolve: { conditions }, ssr: { resolve: { conditions } } }

const globalSetup = './scripts/prepare-tests.ts'

/** Tests that start a broker, a database or a browser: patient, and one file at a time. */
const patient = { globalSetup, testTimeout: 60_000, hookTimeout: 120_000, maxWorkers: 1 }

/** Folders of `tests/` that need more than Node, each with a project of its own. */
const NEEDY = ['browser', 'languages', 'mosquitto', 'packages', 'postgres']

/*
 * One project for each thing that a test may need. Groups run one after the other, so that what is heavy does not
 * starve what is timed, and a machine with two cores gets through.
 */
export default defineConfig({
  test: {
    projects: [
      {
        ...source,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.pg.test.ts'],
          globalSetup,
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...source,
        test: {
          name: 'types',
          include: [],
          typecheck: { enabled: true, only: true, include: ['**/*.test-d.ts'], tsconfig: './tsconfig.json' },
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...source,
        test: {
          name: 'integration',
          include: ['tests/**/*.test.ts', 'examples/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...NEEDY.map((folder) => `tests/${folder}/**`)],
          ...patient,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        ...source,
        test: {
          name: 'postgres',
          include: ['tests/postgres/**/*.test.ts', 'packages/*/src/**/*.pg.test.ts'],
          ...patient,
          sequence: { groupOrder: 3 },
        },
      },
      ...['mosquitto', 'languages', 'packages', 'browser'].map((name, index) => ({
        ...source,
        test: { name, include: [`tests/${name}/**/*.test.ts`], ...patient, sequence: { groupOrder: 4 + index } },
      })),
    ],
  },
})

import { defineConfig } from 'vitest/config'

const source = { resolve: { conditions: ['@mqttspec/source', 'import', 'module', 'default'] }, ssr: { resolve: { conditions: ['@mqttspec/source', 'import', 'module', 'default'] } } }

export default defineConfig({
  test: {
    projects: [
      { ...source, test: { name: 'unit', include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.ts'] } },
      { ...source, test: { name: 'integration', include: ['tests/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 60_000 } },
    ],
  },
})

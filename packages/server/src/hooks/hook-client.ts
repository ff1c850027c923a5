import type { HookClient } from './hook-context.ts'

/** The client of a session as hooks see it. */
export function hookClient(id: string, metadata: Map<string, unknown>): HookClient {
  return {
    id,
    get metadata() {
      return Object.fromEntries(metadata)
    },
    getMetadata: (name) => metadata.get(name),
    setMetadata: (name, value) => void metadata.set(name, value),
  }
}

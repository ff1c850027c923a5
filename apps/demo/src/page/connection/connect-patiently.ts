import { connect } from '@mqttspec/client'
import type { api } from '../../api.ts'
import type { Spec } from '../../rows.ts'
import { wait } from '../../wait.ts'
import { showConnection } from './connection-badge.ts'

const AGAIN_MS = 1_000

/** Connects, for as long as it takes the server to be there, and shows the state of the connection from then on. */
export async function connectPatiently(url: string, signal: AbortSignal): Promise<Spec> {
  // Short, so that the topics in the log are easy to read.
  const clientId = `page-${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36)}`
  const where = new URL(url).host
  showConnection('connecting', where)
  for (;;) {
    try {
      const spec = await connect<typeof api>(url, { clientId })
      const show = (): void => showConnection(spec.connection.state, where)
      spec.connection.subscribe(show)
      show()
      return spec
    } catch (error) {
      if (signal.aborted) throw error
      showConnection('offline', where)
      await wait(AGAIN_MS, signal)
    }
  }
}

import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { runDemo } from './demo-process.ts'

it('the demo refuses a port that was named and is taken, says which, and ends with 1', async () => {
  const blocker = createServer().listen(0, '127.0.0.1')
  await once(blocker, 'listening')
  const address = blocker.address()
  const port = typeof address === 'object' && address ? String(address.port) : ''
  const { code, output } = await runDemo({ PORT: '0', MQTT_PORT: port, WS_PORT: '0' })
  blocker.close()
  expect(output).toContain(`MQTT_PORT=${port}`)
  expect(code).toBe(1)
})

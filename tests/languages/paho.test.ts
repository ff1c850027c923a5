import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { jsonLines, runProgram, works } from './run-program.ts'
import { startServer } from './start-server.ts'

const script = fileURLToPath(new URL('./paho_client.py', import.meta.url))
const python = ['/usr/bin/python3', 'python3'].find((path) => works(path, ['-c', 'import paho.mqtt.client']))

test.skipIf(!python)(
  'a Python program with paho-mqtt reads, writes and follows (needs Python with paho-mqtt)',
  async () => {
    await using server = await startServer()
    const messages = jsonLines(await runProgram(python ?? '', [script, server.port]))
    const replies = messages.filter(({ topic }) => topic === 'spec/paho/response').map(({ payload }) => payload)
    const row = { id: 1, device: 'roof', celsius: 29 }
    expect(replies).toMatchObject([
      { id: 's', success: true, data: { entity: 'readings' } },
      { id: 'c', success: true, data: row },
      { id: 'r', success: true, data: [row], metadata: { total: 1, count: 1 } },
      { id: 'u', success: true, data: { ...row, celsius: 31 } },
      { id: 'd', success: true, data: { deleted: true } },
      { id: 'e', success: false, error: { code: 'invalid_options' } },
    ])
    const { notify_topic } = (replies[0] as { data: { notify_topic: string } }).data
    expect(messages.filter(({ topic }) => topic !== 'spec/paho/response')).toMatchObject([
      { topic: notify_topic, payload: { operation: 'update', change: 'enter', key: 1, seq: 1, data: { celsius: 31 } } },
      { topic: notify_topic, payload: { operation: 'delete', change: 'leave', key: 1, seq: 2, data: { id: 1 } } },
    ])
  },
)

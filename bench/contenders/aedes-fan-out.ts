import { createServer } from 'node:net'
import { Aedes } from 'aedes'
import { reportServer } from './report.ts'

// The least that a fan-out behind aedes can do: the first line of what comes in says whose it is, the rest is sent there
// as it is. Nothing is stored, nothing is looked for.
const aedes = await Aedes.createBroker()
const send = (topic: string, payload: Buffer | string, done: () => void): void =>
  aedes.publish({ cmd: 'publish', dup: false, retain: false, qos: 1, topic, payload }, done)
aedes.subscribe(
  'spec/+/request',
  ({ topic, payload }, done) => {
    const bytes = Buffer.from(payload)
    const end = bytes.indexOf(10)
    send(topic.replace('/request', '/response'), bytes, () =>
      send(`spec/${bytes.toString('latin1', 0, end)}/notify/all`, bytes.subarray(end + 1), done),
    )
  },
  () => {
    const server = createServer({ noDelay: true }, (socket) => aedes.handle(socket))
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      reportServer(typeof address === 'object' ? address?.port : undefined)
    })
  },
)

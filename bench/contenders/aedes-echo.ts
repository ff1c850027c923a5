import { createServer } from 'node:net'
import { Aedes } from 'aedes'
import { reportServer } from './report.ts'

// The least that a server behind aedes can do: what comes in on a request topic goes out on the response topic.
const aedes = await Aedes.createBroker()
aedes.subscribe(
  'spec/+/request',
  ({ topic, payload }, done) => {
    const response = topic.replace('/request', '/response')
    aedes.publish({ cmd: 'publish', dup: false, retain: false, qos: 1, topic: response, payload }, () => done())
  },
  () => {
    const server = createServer({ noDelay: true }, (socket) => aedes.handle(socket))
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      reportServer(typeof address === 'object' ? address?.port : undefined)
    })
  },
)

// A server that the checker kills and pauses, as a process of its own.
import { api } from './spec.ts'

const [, , database, port] = process.argv
const server = await api.listen({
  database,
  install: true,
  broker: { port: Number(port), webSocket: false },
  logger: { info() {}, warn() {}, error: (facts, message) => console.error(message, facts) },
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
process.on('SIGTERM', () => void server.close().then(() => process.exit(0)))

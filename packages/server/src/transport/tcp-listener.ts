import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { type Listener, listen } from './listener.ts'

/** Takes MQTT over TCP, or over TLS when it is given a certificate. */
export function listenTcp(
  host: string,
  port: number,
  tls: TlsOptions | undefined,
  accept: (socket: Socket) => void,
): Promise<Listener> {
  if (!tls) return listen(createServer({ noDelay: true }, accept), host, port)
  const server = createTlsServer(tls, accept)
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return listen(server, host, port)
}

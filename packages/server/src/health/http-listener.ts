import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Health } from './health.ts'

/** Where health and figures are served. */
export interface HttpOptions {
  /** 0 takes any that is free. */
  readonly port: number
  /** 127.0.0.1 unless said: figures are for operators. */
  readonly host?: string | undefined
}

/** What is served. */
export interface HttpSource {
  health(): Promise<Health>
  metrics(): string
}

/** A listener of its own, apart from that of MQTT. */
export interface HttpListener {
  readonly host: string
  readonly port: number
  close(): Promise<void>
}

/**
 * Serves `/livez` (200 while the process runs), `/readyz` (200 when it takes requests and the database answers, else
 * 503; with the health as JSON) and `/metrics` (Prometheus). Rejects when the port can not be had.
 */
export async function listenHttp({ port, host = '127.0.0.1' }: HttpOptions, source: HttpSource): Promise<HttpListener> {
  const server = createServer((request, response) => void respond(request, response, source))
  server.requestTimeout = 5_000
  server.headersTimeout = 5_000
  server.maxConnections = 100
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new Error(`cannot listen on ${host}:${port}: ${cause.message}`, { cause })))
    server.listen(port, host, resolve)
  })
  const address = server.address()
  return {
    host,
    port: typeof address === 'object' && address ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function respond(request: IncomingMessage, response: ServerResponse, source: HttpSource): Promise<void> {
  request.resume()
  const [path] = (request.url ?? '').split('?')
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, TEXT, 'GET, please\n')
  if (path === '/livez') return send(response, 200, TEXT, 'ok\n')
  if (path === '/metrics') return send(response, 200, `${TEXT}; version=0.0.4`, source.metrics())
  if (path !== '/readyz') return send(response, 404, TEXT, '/livez, /readyz, /metrics\n')
  const health = await source.health()
  send(response, health.status === 'ok' ? 200 : 503, 'application/json', `${JSON.stringify(health)}\n`)
}

const TEXT = 'text/plain; charset=utf-8'

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
}

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { extname } from 'node:path'
import type { PageConfig } from '../page-config.ts'
import type { PageFiles } from './build-page.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Serves the built page, and at `/config.json` where its data is; disposing of it drops every connection. */
export async function servePage(
  files: PageFiles,
  config: PageConfig,
  listen: { host: string; port: number },
): Promise<AsyncDisposable> {
  const all = new Map(files).set('/config.json', JSON.stringify(config))
  const server = createServer((request, response) => answer(all, request, response))
  server.listen(listen.port, listen.host)
  await once(server, 'listening')
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise((done) => server.close(done))
      server.closeAllConnections()
      await closed
    },
  }
}

function answer(files: PageFiles, request: IncomingMessage, response: ServerResponse): void {
  const path = request.url?.split('?')[0] ?? '/'
  const name = path === '/' ? '/index.html' : path
  const file = files.get(name)
  if (file === undefined) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found\n')
    return
  }
  const headers = { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream', 'cache-control': 'no-store' }
  response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : file)
}

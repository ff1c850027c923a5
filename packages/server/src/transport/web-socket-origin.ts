import type { IncomingMessage } from 'node:http'
import { isLoopbackAddress } from './address-count.ts'

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * May this page open a WebSocket? Browsers tell the page's origin and let any page connect to anywhere, so the server
 * has to ask. No Origin means no browser. A page may that is served from loopback, or from the host that it connects
 * to, or is listed.
 *
 * The page's own host is no proof when the browser is on this machine: a page of any domain can have its name resolve
 * to 127.0.0.1 once it is loaded (DNS rebinding). It counts behind a proxy, which adds a header that no page can.
 */
export function mayOpenWebSocket(request: IncomingMessage, origins: readonly string[]): boolean {
  const { origin, host } = request.headers
  if (origin === undefined || origins.includes(origin)) return true
  const page = hostname(origin)
  if (page === undefined) return false
  if (LOOPBACK_NAMES.has(page)) return true
  if (host === undefined || page !== hostname(`http://${host}`)) return false
  return !isLoopbackAddress(request.socket.remoteAddress) || isProxied(request)
}

function hostname(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname || undefined : undefined
}

function isProxied({ headers }: IncomingMessage): boolean {
  return (
    headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined || headers['x-real-ip'] !== undefined
  )
}

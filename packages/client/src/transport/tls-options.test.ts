import { execFileSync } from 'node:child_process'
import { connect as connectSocket, type Socket } from 'node:net'
import { createServer, type TlsOptions } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { connect } from '../connect.ts'
import { ScriptedServer } from '../testing/scripted-server.ts'

/** A certificate for this machine that stands for itself, and its key; undefined where there is no OpenSSL. */
function selfSigned(): { cert: string; key: string } | undefined {
  const request =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost -keyout - -out -'
  const extension = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  try {
    const pem = execFileSync('openssl', [...request.split(' '), ...extension], { encoding: 'utf8', stdio: 'pipe' })
    const [key = '', cert = ''] = pem.split(/(?=-----BEGIN CERTIFICATE)/)
    return { cert, key }
  } catch {
    return undefined
  }
}

/** Speaks TLS before a server, and gives its port. */
async function startTls(server: ScriptedServer, options: TlsOptions) {
  const sockets = new Set<Socket>()
  const front = createServer(options, (socket) => {
    const { port, hostname } = new URL(server.url)
    const inner = connectSocket(Number(port), hostname)
    for (const one of [socket, inner]) {
      sockets.add(one)
      one.on('error', () => one.destroy())
      one.on('close', () => {
        socket.destroy()
        inner.destroy()
      })
    }
    socket.pipe(inner).pipe(socket)
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  return {
    url: `mqtts://127.0.0.1:${(front.address() as { port: number }).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => front.close(resolve))
    },
  }
}

const own = selfSigned()

describe.skipIf(!own)('TLS (needs openssl)', () => {
  const { cert = '', key = '' } = own ?? {}
  const quick = { timeoutMs: 1_500 }

  test('is spoken with a broker whose authority is given, as text or bytes', async () => {
    await using server = await ScriptedServer.start(() => ({ data: [], metadata: { count: 0 } }))
    await using front = await startTls(server, { cert, key })
    for (const ca of [cert, new TextEncoder().encode(cert), [cert]]) {
      await using spec = await connect(front.url, { tls: { ca } })
      expect((await spec.read('users')).count).toBe(0)
    }
  })

  test('is not spoken with a broker of another authority, unless any will do', async () => {
    await using server = await ScriptedServer.start(() => ({ data: [], metadata: { count: 0 } }))
    await using front = await startTls(server, { cert, key })
    await expect(connect(front.url, quick)).rejects.toMatchObject({ code: 'unavailable' })
    await using spec = await connect(front.url, { tls: { rejectUnauthorized: false } })
    expect((await spec.read('users')).count).toBe(0)
  })

  test('shows who the client is by its own certificate', async () => {
    await using server = await ScriptedServer.start(() => ({ data: [], metadata: { count: 0 } }))
    await using front = await startTls(server, { cert, key, ca: cert, requestCert: true, rejectUnauthorized: true })
    await expect(connect(front.url, { ...quick, tls: { ca: cert } })).rejects.toMatchObject({ code: 'unavailable' })
    await using spec = await connect(front.url, { tls: { ca: cert, cert, key } })
    expect((await spec.read('users')).count).toBe(0)
  })
})

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ScriptedServer } from './testing/scripted-server.ts'

/** Runs a script with a client in a process of its own; resolves with what it printed once it has ended by itself. */
async function run(script: string, url: string): Promise<string> {
  const index = new URL('./index.ts', import.meta.url).href
  const source = `import { connect } from '${index}'; const url = '${url}'; ${script}`
  const args = ['--import', 'tsx', '--conditions=@mqttspec/source', '--input-type=module', '--eval', source]
  const child = spawn(process.execPath, args, {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, NODE_OPTIONS: '' },
    timeout: 20_000,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const code = await new Promise((resolve) => child.on('close', resolve))
  return `${output.trim()} ${code}`
}

// A timer or socket that is left keeps the process for longer than this.
const LINGER = 'setTimeout(() => { console.log("lingers"); process.exit(1) }, 3000).unref();'

test('nothing keeps a process alive after close', { timeout: 30_000 }, async () => {
  await using server = await ScriptedServer.start((message) =>
    message.type === 'subscription' ? { data: {} } : undefined,
  )
  const script = `
    const spec = await connect(url)
    spec.read('users').catch((error) => console.log(error.code))
    spec.read('users', { timeoutMs: 60_000 }).catch((error) => console.log(error.code))
    await spec.subscribe('users').ready
    await spec.close()
    ${LINGER}`
  expect(await run(script, server.url)).toBe('closed\nclosed 0')
})

test('nor after close with lists that are kept, a session to renew, and a list that waits to be read again', {
  timeout: 30_000,
}, async () => {
  await using server = await ScriptedServer.start(({ type, operation }) => {
    if (type === 'connect') return { data: { session: 's', expires_at: '2026-01-31T13:00:00+00:00' } }
    if (operation === 'meta') return { data: { primary_key: 'id', columns: [{ name: 'id', type: 'integer' }] } }
    if (operation === 'read') return { data: [{ id: 1 }], metadata: { limit: 100, at: 'p1' } }
    return operation === 'subscribe' ? { data: {} } : undefined
  })
  const script = `
    const spec = await connect(url, { token: 't', identify: true })
    const live = spec.live('users')
    const reread = spec.live('users', { offset: 1 })
    await Promise.all([live.ready, reread.ready])
    console.log((await live.next()).value.length)
    const waiting = live.next()
    await spec.close()
    console.log((await waiting).done)
    ${LINGER}`
  expect(await run(script, server.url)).toBe('1\ntrue 0')
})

test('nor after close while the broker is away', { timeout: 30_000 }, async () => {
  await using server = await ScriptedServer.start()
  server.refuse = () => (server.logins.length > 1 ? 3 : undefined)
  const script = `
    const spec = await connect(url)
    const offline = new Promise((resolve) => spec.connection.subscribe((state) => state === 'offline' && resolve()))
    spec.ping().catch((error) => console.log(error.code))
    await offline
    await spec.close()
    ${LINGER}`
  server.script = () => void server.cut()
  expect(await run(script, server.url)).toBe('closed 0')
})

test('nor after a broker that was never there', { timeout: 30_000 }, async () => {
  const script = `
    await connect(url, { timeoutMs: 300 }).catch((error) => console.log(error.code))
    ${LINGER}`
  expect(await run(script, 'mqtt://127.0.0.1:1')).toBe('unavailable 0')
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { until } from '../until.ts'
import { read, subscribe } from './messages.ts'
import { Trial } from './trial.ts'
import { timed, within } from './within.ts'

const codesOf = (client: { responses: readonly unknown[] }) => {
  const counts: Record<string, number> = {}
  for (const reply of client.responses as { error?: { code: string; details?: object } }[]) {
    const code = reply.error?.code ?? 'ok'
    counts[code] = (counts[code] ?? 0) + 1
  }
  return counts
}

/** Runs the flood of flood.ts and what `during` does meanwhile, which is told whether it is still going on. */
async function flooded(port: number, requests: number, during: (isOver: () => boolean) => Promise<void>) {
  const program = fileURLToPath(new URL('flood.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', program, `${port}`, 'flood', 'flood.a', `${requests}`], {
    cwd: fileURLToPath(new URL('../../examples', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 40_000,
  })
  let out = ''
  let isOver = false
  child.stdout.on('data', (chunk) => (out += chunk))
  const ended = once(child, 'exit').finally(() => {
    isOver = true
  })
  await until(() => out.includes('subscribed'), 20_000)
  await during(() => isOver)
  expect(await ended).toEqual([0, null])
  return JSON.parse(out.split('\n')[1] ?? '') as { codes: Record<string, number>; ids: number }
}

/** The 99th percentile. */
const slowest = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0

test('fault O04: 10,000 requests of one client at once are each answered, and another is not slowed', async () => {
  await within(200, async () => {
    await using tried = new Trial()
    await tried.start()
    const other = await tried.connect('other', 'b')
    const times: number[] = []
    const { codes, ids } = await flooded(tried.port, 10_000, async (isOver) => {
      while (!isOver()) times.push(await timed(async () => expect((await tried.ask(other, read())).success).toBe(true)))
    })
    expect(ids).toBe(10_000)
    expect(codes.ok).toBeGreaterThanOrEqual(1_032)
    expect(codes.rate_limited).toBeGreaterThan(0)
    expect(Object.keys(codes).filter((code) => !['ok', 'overloaded', 'rate_limited'].includes(code))).toEqual([])
    expect(times.length).toBeGreaterThan(10)
    return slowest(times)
  })
}, 90_000)

test('fault O04: limits of one’s own are obeyed, and each refusal says when to come again', async () => {
  await using tried = new Trial()
  await tried.start({ limits: { maxInFlightPerClient: 2, maxQueuedPerClient: 3, maxRequestBurst: 20 } })
  const client = await tried.connect('own', 'a')
  for (let at = 0; at < 40; at += 1)
    client.mqtt.publish('spec/own/request', JSON.stringify({ id: `${at}`, type: 'request', ...read() }), { qos: 0 })
  await until(() => client.responses.length === 40)
  const codes = codesOf(client)
  expect(codes.ok).toBeGreaterThanOrEqual(5)
  expect((codes.overloaded ?? 0) + (codes.rate_limited ?? 0)).toBeGreaterThan(10)
  for (const reply of client.responses as { error?: { details: { retry_after_ms: number } } }[])
    if (reply.error) expect(reply.error.details.retry_after_ms).toBeGreaterThan(0)
})

test('limits that are none are all told at the start', async () => {
  const tried = new Trial()
  const wrong = { maxInFlight: 0, maxQueued: -1, maxRequestBurst: 1.5, maxNonsense: 1 }
  await expect(tried.start({ limits: wrong as never })).rejects.toThrow(
    /maxInFlight is 0[\s\S]*maxQueued is -1[\s\S]*maxRequestBurst is 1.5[\s\S]*maxNonsense is no limit/,
  )
  await tried.stop()
})

test('fault O06: subscriptions and topic filters end at their limits', async () => {
  await using tried = new Trial()
  await tried.start({ limits: { maxSubscriptions: 60 } })
  const client = await tried.connect('o06', 'a')
  const other = await tried.connect('o06-b', 'b')
  const codes = async (of: typeof client, count: number) => {
    const told: string[] = []
    for (let at = 0; at < count; at += 1) told.push(await tried.code(of, subscribe()))
    return told
  }
  expect((await codes(client, 52)).slice(-3)).toEqual(['ok', 'forbidden', 'forbidden'])
  expect((await codes(other, 12)).slice(-3)).toEqual(['ok', 'overloaded', 'overloaded'])
  const filters = Array.from({ length: 2_000 }, (_, at) => `spec/o06/notify/${at}`)
  const granted = await client.mqtt.subscribeAsync(filters, { qos: 1 }).catch((error: Error) => error)
  if (Array.isArray(granted)) expect(granted.filter(({ qos }) => qos === 128).length).toBeGreaterThan(1_700)
  else expect(granted.message).toMatch(/subscri|unspecified|connection|128/i)
}, 60_000)

test('fault O02: half-open connections, and CONNECTs that trickle in, are closed after their time', async () => {
  await using tried = new Trial()
  const broker = { port: 0, webSocket: false, connectTimeoutMs: 1_000, maxConnections: 300 } as const
  await tried.start({ broker })
  const sockets: Socket[] = []
  let closed = 0
  for (let at = 0; at < 250; at += 1) {
    const socket = connect(tried.port, '127.0.0.1')
    socket.on('error', () => {}).on('close', () => (closed += 1))
    sockets.push(socket)
  }
  const trickle = setInterval(() => {
    for (const socket of sockets.slice(0, 50)) if (socket.writable) socket.write(Buffer.from([0x10]))
  }, 300)
  try {
    const client = await tried.connect('o02', 'a')
    expect(await tried.code(client, read())).toBe('ok')
    await until(() => closed === sockets.length, 4_000)
    expect(await tried.code(client, read())).toBe('ok')
  } finally {
    clearInterval(trickle)
    for (const socket of sockets) socket.destroy()
  }
}, 60_000)

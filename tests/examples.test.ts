import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from './until.ts'

const folder = fileURLToPath(new URL('../examples', import.meta.url))
const RUN_MS = 50_000

/** A program that runs: what it has printed until now, and its end. */
function start(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(command, args, { cwd: folder, env: { ...process.env, ...env }, timeout: RUN_MS })
  const printed = { out: '', err: '' }
  child.stdout.on('data', (chunk) => (printed.out += chunk))
  child.stderr.on('data', (chunk) => (printed.err += chunk))
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, ...printed }))
  return { child, printed, ended }
}

/** An example, run as its script in package.json says. */
function example(script: string, env?: Readonly<Record<string, string>>) {
  const { scripts } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as { scripts: Record<string, string> }
  const [, ...args] = scripts[script]?.split(' ') ?? []
  return start(process.execPath, args, env)
}

const works = (command: string, args: readonly string[]) => spawnSync(command, args, { timeout: 30_000 }).status === 0
const python = ['python3', '/usr/bin/python3'].find((path) => works(path, ['-c', 'import paho.mqtt.client']))
const hasMosquitto = spawnSync('mosquitto_rr', ['--help']).error === undefined

test('quick-start stores, reads and is told of changes, then ends by itself', async () => {
  const { code, out, err } = await example('quick-start').ended
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out.split('\n')).toEqual([
    '1 hot reading: [ { celsius: 31.5 } ]',
    'enter 40',
    'update 41',
    'it cooled down',
    '',
  ])
})

test('dashboard shows the latest reading of each of its devices, then ends by itself', async () => {
  const { code, out, err } = await example('dashboard', { RUN_SECONDS: '5' }).ended
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const last = out.trimEnd().split('\n').at(-1)
  for (const device of ['roof', 'cellar', 'office']) expect(last).toMatch(new RegExp(`${device} -?\\d+\\.\\d °C`))
})

describe('against the server of serve', () => {
  let server: ReturnType<typeof start>
  let port = ''

  beforeAll(async () => {
    server = example('serve', { PORT: '0' })
    await until(() => server.printed.out.includes('\n') || server.child.exitCode !== null, RUN_MS)
    port = /listening at mqtt:\/\/127\.0\.0\.1:(\d+)/.exec(server.printed.out)?.[1] ?? ''
    expect(server.printed.err).toBe('')
  })
  afterAll(async () => {
    server.child.kill('SIGTERM')
    const { code } = await server.ended
    expect(code).toBe(0)
  })

  test('plain-mqtt reads, is refused and is told of a change without the SDK', async () => {
    const { code, out, err } = await example('plain-mqtt', { URL: `mqtt://127.0.0.1:${port}` }).ended
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out.split('\n')).toEqual([
      'cellar [{"celsius":12.25}]',
      'roof [{"celsius":31.5},{"celsius":32}]',
      'invalid_options options.limit',
      'create enter true',
      '',
    ])
  })

  test.skipIf(!python)('read.py reads rows from Python (needs Python with paho-mqtt)', async () => {
    const { code, out } = await start(python ?? '', ['python/read.py', '127.0.0.1', port]).ended
    expect(code).toBe(0)
    expect(out.split('\n')).toEqual(['1 31.5', '1 32', '2 rows', ''])
  })

  test.skipIf(!hasMosquitto)(
    'the mosquitto_rr line of the README prints the reply (needs mosquitto-clients)',
    async () => {
      const readme = readFileSync(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8')
      const line = /^mosquitto_rr [\s\S]*?[^\\]$/m.exec(readme)?.[0] ?? ''
      const shell = start('sh', ['-c', line.replace('mosquitto_rr', `mosquitto_rr -p ${port} -W 15`)])
      const { code, out, err } = await shell.ended
      expect({ code, err }).toEqual({ code: 0, err: '' })
      expect(JSON.parse(out)).toMatchObject({ success: true, data: [{ name: 'roof' }, { name: 'cellar' }] })
    },
  )
})

test('every example is in package.json, and under 60 lines', () => {
  const { scripts } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as { scripts: Record<string, string> }
  const files = readdirSync(folder).filter((file) => /\.(ts|mjs)$/.test(file) && file !== 'schema.ts')
  expect(
    Object.values(scripts)
      .map((script) => script.split(' ').at(-1))
      .sort(),
  ).toEqual(files.sort())
  for (const file of [...files, 'schema.ts', 'python/read.py']) {
    expect(readFileSync(`${folder}/${file}`, 'utf8').split('\n').length, file).toBeLessThan(60)
  }
})

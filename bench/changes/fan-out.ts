import { median } from '../measure/compare.ts'
import { startProcess } from '../measure/contender.ts'
import { MqttLoad } from '../measure/mqtt-load.ts'

/** What writes come to that each concern one of so many subscribers. */
export interface FanOut {
  readonly contender: string
  readonly subscribers: number
  readonly outstanding: number
  readonly writesPerSecond: number
  /** From sending the write until its subscriber has it, in milliseconds. */
  readonly p50Ms: number
  readonly p99Ms: number
  /** CPU time of the server for each write, in microseconds. */
  readonly cpuMicros: number
  /** Its throughput as a part of that of the first contender in the same rounds. */
  readonly ofFirst: number
}

type Slice = Pick<FanOut, 'writesPerSecond' | 'p50Ms' | 'p99Ms' | 'cpuMicros'>

/** A server with its subscribers. */
export interface Audience extends AsyncDisposable {
  readonly contender: string
  readonly subscribers: number
  measure(outstanding: number, durationMs: number): Promise<Slice>
}

/** One connection writes no more at once than this. */
const PER_CONNECTION = 16

/** Starts MQTTSpec, with subscribers that each have a filter of three terms. */
export function audienceOfServer(subscribers: number, database: string): Promise<Audience> {
  const filters = (n: number) => [
    { column: 'personId', operator: 'eq', value: n },
    { column: 'rank', operator: 'gte', value: 0 },
    { column: 'body', operator: 'startswith', value: 'note' },
  ]
  const subscribe = (n: number) =>
    JSON.stringify({
      id: `subscribe-${n}`,
      type: 'subscription',
      operation: 'subscribe',
      entity: 'notes',
      options: { filters: filters(n) },
    })
  const write = (n: number, to: number) =>
    JSON.stringify({
      id: `write-${process.pid}-${String(n).padStart(12, '0')}`,
      type: 'request',
      operation: 'create',
      entity: 'notes',
      data: { personId: to, body: `note ${n}`, rank: n },
    })
  return audience('mqttspec', subscribers, ['mqttspec', database], subscribe, write)
}

/** Starts a bare aedes, with subscribers to topics: what they are to be told comes with the write. */
export function audienceOfAedes(subscribers: number): Promise<Audience> {
  const write = (n: number, to: number) =>
    `s${to}\n${JSON.stringify({
      type: 'notification',
      operation: 'create',
      subscription_id: 'abcdefghijkl',
      schema: 'public',
      entity: 'notes',
      data: { id: n, personId: to, body: `note ${n}`, rank: n, createdAt: '2026-01-01T00:00:00.000000+00:00' },
      timestamp: '2026-01-01T00:00:00.000000Z',
      change: 'enter',
      key: n,
      at: 'abcdefgh.1234',
      seq: n,
    })}`
  return audience('aedes', subscribers, ['aedes-fan-out'], undefined, write)
}

async function audience(
  contender: string,
  subscribers: number,
  [file = '', ...args]: readonly string[],
  subscribe: ((n: number) => string) | undefined,
  write: (n: number, to: number) => string,
): Promise<Audience> {
  const child = await startProcess(file, args)
  const { port } = (await child.ask(undefined)) as { port: number }
  const sent: number[] = []
  const times: number[] = []
  const connections: MqttLoad[] = []
  const notified = (payload: Buffer): void => {
    const rank = /"rank":(\d+)/.exec(payload.toString('latin1'))?.[1]
    times.push(performance.now() - (sent[Number(rank)] ?? Number.NaN))
  }
  for (let n = 0; n < subscribers; n++) {
    const connection = await MqttLoad.connect(port, `s${n}`, notified)
    connections.push(connection)
    let asked = subscribe?.(n)
    const once = () => {
      const message = asked
      asked = undefined
      return message
    }
    if (subscribe) await connection.run(1, once)
  }
  const writers: MqttLoad[] = []
  return {
    contender,
    subscribers,
    async measure(outstanding, durationMs) {
      const wanted = Math.ceil(outstanding / PER_CONNECTION)
      while (writers.length < wanted) writers.push(await MqttLoad.connect(port, `w${writers.length}`))
      times.length = 0
      const first = sent.length
      const cpu = (await child.ask('cpu')) as number
      const from = performance.now()
      const next = () => {
        if (performance.now() - from >= durationMs) return undefined
        const n = sent.push(performance.now()) - 1
        return write(n, (n * 7_919) % subscribers)
      }
      await Promise.all(
        writers.slice(0, wanted).map((writer) => writer.run(Math.min(outstanding, PER_CONNECTION), next)),
      )
      const writes = sent.length - first
      const seconds = (performance.now() - from) / 1_000
      await untilTold(() => times.length >= writes, contender)
      const cpuMicros = ((await child.ask('cpu')) as number) - cpu
      times.sort((one, another) => one - another)
      return {
        writesPerSecond: writes / seconds,
        p50Ms: times[Math.floor(writes * 0.5)] ?? Number.NaN,
        p99Ms: times[Math.floor(writes * 0.99)] ?? Number.NaN,
        cpuMicros: cpuMicros / writes,
      }
    },
    async [Symbol.asyncDispose]() {
      for (const connection of [...connections, ...writers]) connection.close()
      await child.stop()
    },
  }
}

async function untilTold(condition: () => boolean, who: string): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`${who} has not told every subscriber`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** Measures in rounds, everybody once in each; the first is the one that the others are held against. */
export async function compareFanOut(
  audiences: readonly Audience[],
  outstanding: number,
  rounds: number,
  sliceMs: number,
): Promise<readonly FanOut[]> {
  const slices = new Map<Audience, Slice[]>(audiences.map((each) => [each, []]))
  for (const each of audiences) await each.measure(outstanding, sliceMs / 2)
  for (let round = 0; round < rounds; round++) {
    for (const [index] of audiences.entries()) {
      const each = audiences[(index + round) % audiences.length]
      if (each) slices.get(each)?.push(await each.measure(outstanding, sliceMs))
    }
  }
  const [first = []] = slices.values()
  return [...slices].map(([{ contender, subscribers }, own]) => ({
    contender,
    subscribers,
    outstanding,
    writesPerSecond: median(own.map((slice) => slice.writesPerSecond)),
    p50Ms: median(own.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(own.map(({ p99Ms }) => p99Ms)),
    cpuMicros: median(own.map(({ cpuMicros }) => cpuMicros)),
    ofFirst: median(own.map((slice, round) => slice.writesPerSecond / (first[round]?.writesPerSecond ?? Number.NaN))),
  }))
}

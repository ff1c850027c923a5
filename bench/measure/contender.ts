import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Operation } from '../operations.ts'
import { messageOf } from '../operations.ts'
import { MqttLoad } from './mqtt-load.ts'

/** What one slice of time came to. */
export interface Slice {
  readonly perSecond: number
  /** CPU time of the contender's process for each request, in microseconds. */
  readonly cpuMicros: number
}

/** Something in a process of its own that can be asked to do an operation over and over. */
export interface Contender extends AsyncDisposable {
  readonly name: string
  measure(operation: Operation, outstanding: number, durationMs: number): Promise<Slice>
}

/** What a contender's process says, and is told. */
export interface Work {
  readonly operation: Operation
  readonly outstanding: number
  readonly durationMs: number
}

/** One connection has no more outstanding than this; for more there are more connections. */
const PER_CONNECTION = 16

/** Starts a server, which reports the port of its broker, and loads it from this process. */
export async function startServer(name: string, file: string, ...args: readonly string[]): Promise<Contender> {
  const child = await startProcess(file, args)
  const { port } = (await child.ask(undefined)) as { port: number }
  const connections: MqttLoad[] = []
  let asked = 0
  return {
    name,
    async measure(operation, outstanding, durationMs) {
      const wanted = Math.ceil(outstanding / PER_CONNECTION)
      while (connections.length < wanted) {
        connections.push(await MqttLoad.connect(port, `load${connections.length}`))
      }
      const before = (await child.ask('cpu')) as number
      const from = performance.now()
      const first = asked
      const next = () =>
        performance.now() - from < durationMs ? messageOf(operation, ++asked, `client${process.pid}`) : undefined
      const each = Math.min(outstanding, PER_CONNECTION)
      await Promise.all(connections.slice(0, wanted).map((connection) => connection.run(each, next)))
      const seconds = (performance.now() - from) / 1_000
      const cpuMicros = ((await child.ask('cpu')) as number) - before
      return { perSecond: (asked - first) / seconds, cpuMicros: cpuMicros / (asked - first) }
    },
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.close()
      await child.stop()
    },
  }
}

/** Starts a process that does the work by itself, with nobody to ask over a network. */
export async function startWorker(name: string, file: string, ...args: readonly string[]): Promise<Contender> {
  const child = await startProcess(file, args)
  await child.ask(undefined)
  return {
    name,
    measure: async (operation, outstanding, durationMs) =>
      (await child.ask({ operation, outstanding, durationMs } satisfies Work)) as Slice,
    [Symbol.asyncDispose]: () => child.stop(),
  }
}

/** Starts a contender in a process of its own, which can be asked and stopped. */
export async function startProcess(file: string, args: readonly string[]) {
  const child = fork(fileURLToPath(new URL(`../contenders/${file}.ts`, import.meta.url)), [...args])
  const answer = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error(`the process of ${file} has ended`))
      child.once('exit', ended)
      child.once('message', (said) => {
        child.off('exit', ended)
        resolve(said)
      })
    })
  return {
    /** Sends a word, or nothing, and waits for the next one. */
    ask(question: object | string | undefined): Promise<unknown> {
      const said = answer()
      if (question !== undefined) child.send(question)
      return said
    },
    async stop(): Promise<void> {
      if (!child.connected) return
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

import type { ListenOptions, Server } from '@mqttspec/server'
import type { IClientOptions } from 'mqtt'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { WireClient } from '../wire-client.ts'

/** What the tests of a file share: a server, and for each test a client of its own. */
export interface Running {
  readonly server: Server
  readonly url: string
  /** A client of this test, called `alice`. */
  readonly client: WireClient
  /** One more client of this test. */
  connect(clientId: string, options?: IClientOptions): Promise<WireClient>
}

/** Where a server's database is, as `listen` takes it; nothing is PGlite in memory. */
export type OpenDatabase = () => Promise<Pick<ListenOptions, 'database' | 'createTables'>>

/** Starts a server before the file's tests and stops it after them. `tokens` says who a client is. */
export function withServer(
  api: { listen(options: ListenOptions): Promise<Server> },
  open: OpenDatabase = async () => ({}),
  tokens: Readonly<Record<string, string>> = {},
): Running {
  let server: Server | undefined
  let clients: WireClient[] = []
  const connect = async (clientId: string, mqtt: IClientOptions = {}) => {
    const username = tokens[clientId]
    const client = await WireClient.connect(running.url, clientId, 'spec', {
      ...(username && { username }),
      ...mqtt,
    })
    clients.push(client)
    return client
  }
  const running: Running = {
    get server() {
      if (!server) throw new Error('the server has not started')
      return server
    },
    get url() {
      return `mqtt://127.0.0.1:${running.server.addresses.mqtt?.port}`
    },
    get client() {
      const [first] = clients
      if (!first) throw new Error('no client has connected')
      return first
    },
    connect,
  }
  beforeAll(async () => {
    server = await api.listen({ broker: { port: 0, webSocket: { port: 0 } }, ...(await open()) })
  }, 60_000)
  afterAll(async () => server?.close())
  beforeEach(async () => void (await connect('alice')))
  afterEach(async () => {
    for (const client of clients) await client[Symbol.asyncDispose]()
    clients = []
  })
  return running
}

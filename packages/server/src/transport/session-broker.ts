import { Aedes, type AedesOptions, type PublishPacket } from 'aedes'

/**
 * aedes for what it does well: CONNECT, SUBSCRIBE and UNSUBSCRIBE, and the order they must be answered in.
 *
 * Its fan-out is cut off. Messages never reach it, so nothing that a client sends can come out at another one; and it
 * would drop messages in silence when one client is sent to by two paths.
 */
export class SessionBroker extends Aedes {
  constructor(options: AedesOptions) {
    super({ ...options, connectTimeout: NO_TIMEOUT_MS, maxClientsIdLength: 64, queueLimit: 0 })
  }

  /** (packet, done) or (packet, client, done) */
  override publish(_packet: PublishPacket, ...rest: unknown[]): void {
    finish(rest[1] ?? rest[0])
  }

  override subscribe(_topic: string, _deliver: unknown, done?: unknown): void {
    finish(done)
  }

  override unsubscribe(_topic: string, _deliver: unknown, done?: unknown): void {
    finish(done)
  }
}

/** A connection has its own time-out for everything up to CONNACK. */
const NO_TIMEOUT_MS = 2 ** 31 - 1

const finish = (done: unknown): void => {
  if (typeof done === 'function') done()
}

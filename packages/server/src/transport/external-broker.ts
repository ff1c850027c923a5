import type { Payload, Transport, TransportAddresses, TransportReceiver, TransportSettings } from './transport.ts'
export interface ExternalBrokerOptions {
  readonly url: string
}
export class ExternalBroker implements Transport {
  constructor(_o: ExternalBrokerOptions, _s: TransportSettings) {}
  start(_r: TransportReceiver): Promise<TransportAddresses> {
    throw new Error('not yet')
  }
  respond(_c: string, _p: Payload): Promise<void> {
    throw new Error('not yet')
  }
  notify(_c: string, _s: string, _p: Payload): Promise<void> {
    throw new Error('not yet')
  }
  isListening(): boolean {
    return true
  }
  disconnect(): void {}
  async stop(): Promise<void> {}
}

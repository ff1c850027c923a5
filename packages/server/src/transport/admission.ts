import type { BrokerAcl } from './broker-acl.ts'
import type { Admitted, ConnectingClient, ConnectRefusal, TransportReceiver } from './transport.ts'

/** Unacceptable client id, server unavailable, not authorised. [MQTT-3.2.2.3] */
const BAD_CLIENT_ID = 2
const UNAVAILABLE = 3
const NOT_AUTHORIZED = 5

/** How long the server may take to say whether a client may connect. */
const ANSWER_TIMEOUT_MS = 5_000

/** What is asked of a client before its credentials are looked at. */
export interface AdmissionRules {
  readonly acl: BrokerAcl
  readonly receiver: Pick<TransportReceiver, 'connecting'>
  /** Is there room for this client, which may be connected already? */
  readonly hasRoom: (clientId: string) => boolean
  /** The answer to a client could not be had: what the server's hook threw. */
  readonly failed: (cause: unknown, clientId: string) => void
}

/** May this client connect? Resolves with the return code of the refusal, or for yes with what the server said; never rejects. */
export async function admission(
  client: ConnectingClient,
  willTopic: string | undefined,
  rules: AdmissionRules,
): Promise<ConnectRefusal | Admitted | undefined> {
  const { clientId } = client
  if (!rules.acl.isClientId(clientId)) return BAD_CLIENT_ID
  if (willTopic !== undefined && !rules.acl.mayWill(clientId, willTopic)) return NOT_AUTHORIZED
  if (!rules.hasRoom(clientId)) return UNAVAILABLE
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<ConnectRefusal>((resolve) => {
    timer = setTimeout(resolve, ANSWER_TIMEOUT_MS, UNAVAILABLE)
  })
  try {
    return await Promise.race([rules.receiver.connecting(client), late])
  } catch (cause) {
    rules.failed(cause, clientId)
    return NOT_AUTHORIZED
  } finally {
    clearTimeout(timer)
  }
}

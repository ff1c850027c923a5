/**
 * The life of a connection. Pure: what drives it is `connection.ts`.
 *
 *                    opened
 *   ┌───► connecting ───────► online
 *   │        │    │             │
 *   │   lost │    │ refused     │ lost
 *   │        ▼    │             │
 *   ├──── offline ┼─────────────┘
 *   │ retry       ▼
 *   └──── unauthorized            any ── close ──► closed
 *
 * Offline and unauthorized both try again after a while: a broker comes back, a token is renewed. They differ in what
 * becomes of requests: offline they wait, unauthorized they are told so.
 */
export type ConnectionState = 'connecting' | 'online' | 'offline' | 'unauthorized' | 'closed'

export type ConnectionInput = 'opened' | 'lost' | 'refused' | 'retry' | 'close'

// An input that a state does not expect leaves it as it is: it comes from an attempt that is no longer wanted.
const TRANSITIONS: Readonly<Record<ConnectionState, Readonly<Record<ConnectionInput, ConnectionState>>>> = {
  connecting: {
    opened: 'online',
    lost: 'offline',
    refused: 'unauthorized',
    retry: 'connecting',
    close: 'closed',
  },
  online: { opened: 'online', lost: 'offline', refused: 'online', retry: 'online', close: 'closed' },
  offline: { opened: 'offline', lost: 'offline', refused: 'offline', retry: 'connecting', close: 'closed' },
  unauthorized: {
    opened: 'unauthorized',
    lost: 'unauthorized',
    refused: 'unauthorized',
    retry: 'connecting',
    close: 'closed',
  },
  closed: { opened: 'closed', lost: 'closed', refused: 'closed', retry: 'closed', close: 'closed' },
}

/** The state after an input. Total: every state takes every input. */
export function afterInput(state: ConnectionState, input: ConnectionInput): ConnectionState {
  return TRANSITIONS[state][input]
}

import { find, findNamed } from '../dom/find.ts'
import { write } from '../dom/write.ts'

const WORDS: Readonly<Record<string, string>> = {
  connecting: 'Connecting…',
  online: 'Live',
  offline: 'Reconnecting…',
  unauthorized: 'Not allowed',
  closed: 'Closed',
}

/** Shows the state of the connection, and where it leads to. */
export function showConnection(state: string, where: string): void {
  const badge = findNamed('connection')
  badge.dataset.state = state
  write(find(badge, '[data-part="state"]', HTMLElement), WORDS[state] ?? state)
  write(find(badge, '[data-part="where"]', HTMLElement), where)
}

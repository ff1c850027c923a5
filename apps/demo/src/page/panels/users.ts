import { wait } from '../../wait.ts'
import type { Spec } from '../rows.ts'
import { UserList } from '../users/user-list.ts'

/** The users, kept by `live`: the whole list, sorted, after every change. */
export async function usersPanel(spec: Spec, failed: (error: unknown) => void, signal: AbortSignal): Promise<void> {
  const list = new UserList(spec)
  while (!signal.aborted) {
    try {
      for await (const users of spec.live('users', { sort: 'id', limit: 200, signal })) list.show(users)
    } catch (error) {
      if (!signal.aborted) failed(error)
    }
    await wait(1_000, signal)
  }
}

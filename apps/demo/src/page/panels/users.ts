import type { Spec, User } from '../../rows.ts'
import { keepFollowing } from '../keep-following.ts'
import { UserList } from '../users/user-list.ts'

/** The users, all of them. */
export function usersPanel(spec: Spec, failed: (error: unknown) => void, signal: AbortSignal): void {
  const list = new UserList(spec)
  const set = {
    changes: () => spec.subscribe('users', { signal }),
    read: () => spec.read('users', { limit: 1_000, signal }),
    keyOf: (user: User) => user.id,
  }
  void keepFollowing<User>(set, (users) => list.show(users), failed, signal)
}

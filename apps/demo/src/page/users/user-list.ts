import type { Spec, User } from '../../rows.ts'
import { element } from '../dom/element.ts'
import { find, findNamed } from '../dom/find.ts'
import { KeyedList } from '../dom/keyed-list.ts'
import { write } from '../dom/write.ts'
import { onSubmit } from '../forms/on-submit.ts'
import { showProblem } from '../forms/show-problem.ts'

/** The users: a switch for each one's status, a button that deletes, and the form that adds one. */
export class UserList {
  readonly #spec: Spec
  readonly #form = find(document, '[data-testid="user-form"]', HTMLFormElement)
  readonly #list: KeyedList<User>

  constructor(spec: Spec) {
    this.#spec = spec
    this.#list = new KeyedList(findNamed('users'), (key) => this.#make(Number(key)), fillUser)
    onSubmit(this.#form, async ({ name = '', email = '' }) => {
      await spec.create('users', { name, email })
      this.#form.reset()
    })
  }

  /** Shows these users, and no other, in the order of their ids. */
  show(users: ReadonlyMap<string, User>): void {
    this.#list.show([...users].sort(([, a], [, b]) => a.id - b.id))
  }

  #make(id: number): HTMLElement {
    const line = element('li', { 'data-testid': 'user', 'data-key': String(id) })
    const toggle = element('button', { type: 'button', role: 'switch', class: 'switch', 'data-testid': 'toggle-user' })
    const remove = element('button', { type: 'button', class: 'quiet', 'data-testid': 'delete-user' }, '×')
    toggle.addEventListener('click', () => {
      const status = line.dataset.status === 'active' ? 'inactive' : 'active'
      this.#attempt(this.#spec.update('users', id, { status }))
    })
    remove.addEventListener('click', () => this.#attempt(this.#spec.delete('users', id)))
    line.append(element('span', { class: 'initials', 'aria-hidden': 'true' }), element('p', {}), toggle, remove)
    return line
  }

  #attempt(call: Promise<unknown>): void {
    call.catch((error: unknown) => showProblem(this.#form, error))
  }
}

function fillUser(line: HTMLElement, user: User): void {
  const [initials, words, toggle, remove] = line.children
  line.dataset.status = user.status
  if (initials)
    write(
      initials,
      user.name
        .split(/\s+/)
        .map((word) => word[0] ?? '')
        .slice(0, 2)
        .join('')
        .toUpperCase(),
    )
  if (words && words.textContent !== `${user.name}${user.email}`) {
    words.replaceChildren(user.name, element('small', {}, user.email))
  }
  toggle?.setAttribute('aria-checked', String(user.status === 'active'))
  toggle?.setAttribute('aria-label', `${user.name} is active`)
  if (toggle) write(toggle, user.status)
  remove?.setAttribute('aria-label', `Delete ${user.name}`)
}

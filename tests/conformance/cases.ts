import cases from './cases.json' with { type: 'json' }

/** One case: what is sent, the one reply to it, and the notifications that come of it. */
export interface Case {
  readonly id: string
  readonly title: string
  readonly client?: string
  readonly send?: unknown
  readonly sendTwice?: boolean
  readonly expect?: unknown
  readonly given?: string
  readonly then?: string
  readonly notify?: readonly { readonly topic: string; readonly payload: unknown }[]
}

/** The cases of one group, by its letter. */
export function casesOf(letter: string): readonly Case[] {
  const group = cases.find(({ group }) => group.startsWith(`${letter}.`))
  return (group?.cases ?? []) as readonly Case[]
}

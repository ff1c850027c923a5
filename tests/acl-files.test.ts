import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (name: string) => readFileSync(new URL(`../docs/acl/${name}`, import.meta.url), 'utf8')

/** A topic pattern that is allowed, and what for; `ID` stands for the client id. */
interface Allowed {
  readonly who: string
  readonly may: string
  readonly topic: string
}

/** The rules of Mosquitto: `pattern` for everybody, `topic` for the user above. */
function mosquitto(): readonly Allowed[] {
  let who = 'all'
  return read('mosquitto.acl')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
    .flatMap((line) => {
      const [kind = '', may = '', topic = ''] = line.split(' ')
      if (kind === 'user') who = may
      return kind === 'user' ? [] : [{ who: kind === 'pattern' ? 'all' : who, may, topic: topic.replace('%c', 'ID') }]
    })
}

/** The rules of EMQX, up to the one that denies the rest. */
function emqx(): readonly Allowed[] {
  const lines = read('emqx.conf')
    .split('\n')
    .filter((line) => line && !line.startsWith('%%'))
  expect(lines.at(-1)).toBe('{deny, all}.')
  return lines.slice(0, -1).flatMap((line) => {
    const [, who = '', may = '', topics = ''] =
      /^\{allow, (all|\{username, "\w+"\}), (publish|subscribe|all), \[(.*)\]\}\.$/.exec(line) ?? []
    expect(topics, line).not.toBe('')
    return topics.split(', ').map((topic) => ({
      who: /"(\w+)"/.exec(who)?.[1] ?? who,
      may: { publish: 'write', subscribe: 'read', all: 'readwrite' }[may] ?? may,
      topic: topic.slice(1, -1).replace(/\$\{clientid\}/, 'ID'),
    }))
  })
}

// That of Mosquitto is held against an attacker in faults/mosquitto-acl.test.ts; that of EMQX is held to be the same.
test('the rules for EMQX allow what those for Mosquitto do, and nothing else', () => {
  const sorted = (rules: readonly Allowed[]) => rules.map((rule) => Object.values(rule).join(' ')).sort()
  expect(sorted(emqx())).toEqual(sorted(mosquitto()))
  expect(emqx()).toHaveLength(6)
})

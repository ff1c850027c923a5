import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (file: string) => readFileSync(new URL(`../packages/server/${file}`, import.meta.url), 'utf8')
const page = read('README.md')

/** The fields of an interface, by its source: what a user may set. */
function fieldsOf(file: string, name: string): readonly string[] {
  const [, body = ''] =
    new RegExp(`(?:interface|type) ${name}\\b[^{]*(?:<[^{]*>)?[^{]*\\{([\\s\\S]*?)\\n\\}`).exec(read(file)) ?? []
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, field = '']) => field)
}

test.each([
  ['src/listen-options.ts', 'ListenOptions', 11],
  ['src/define-spec.ts', 'SpecOptions', 6],
  ['src/define-spec.ts', 'TypedEntityOptions', 7],
  ['src/transport/embedded-options.ts', 'EmbeddedBrokerOptions', 10],
  ['src/transport/external-options.ts', 'ExternalBrokerOptions', 10],
  ['src/create-server.ts', 'Server', 4],
])('the README of the server names every field of %s: %s', (file, name, least) => {
  const fields = fieldsOf(file, name)
  expect(fields.length).toBeGreaterThanOrEqual(least)
  expect(fields.filter((field) => !new RegExp(`\`(?:server\\.)?${field}\\b`).test(page))).toEqual([])
})

test('the README of the server names every hook', () => {
  const hooks = fieldsOf('src/hooks/hook-context.ts', 'HookContexts')
  expect(hooks).toHaveLength(17)
  expect(hooks.filter((hook) => !page.includes(`\`${hook}\``))).toEqual([])
})

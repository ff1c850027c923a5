import ts from 'typescript'
import { ROOT } from '../docs/blocks.ts'

const FOLDER = `${ROOT}/tests/types`

/** What the compiler did for a project. */
export interface Compiled {
  readonly instantiations: number
  readonly errors: readonly string[]
}

/**
 * Compiles a project of so many tables, each with eleven columns and two relations, and a few calls of the client for
 * each, and `more` after these. The files exist in the compiler only.
 */
export function compileProject(tables: number, more = ''): Compiled {
  const files = new Map([
    [`${FOLDER}/generated-schema.ts`, schemaOf(tables)],
    [`${FOLDER}/generated-calls.ts`, `${callsOf(tables)}\n${more}`],
  ])
  const { config } = ts.readConfigFile(`${ROOT}/tsconfig.json`, ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, ROOT)
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (name) => files.has(name) || fileExists(name)
  host.readFile = (name) => files.get(name) ?? readFile(name)
  host.getSourceFile = (name, version, ...rest) => {
    const text = files.get(name)
    return text === undefined ? getSourceFile(name, version, ...rest) : ts.createSourceFile(name, text, version)
  }
  const program = ts.createProgram([...files.keys()], options, host)
  const errors = [...files.keys()].flatMap((name) =>
    program.getSemanticDiagnostics(program.getSourceFile(name)).map(({ messageText }) => {
      return ts.flattenDiagnosticMessageText(messageText, ' ')
    }),
  )
  return { instantiations: program.getInstantiationCount(), errors }
}

const each = (tables: number, write: (n: number, next: number, before: number) => string): string =>
  Array.from({ length: tables }, (_, n) => write(n, (n + 1) % tables, (n + tables - 1) % tables)).join('\n')

const schemaOf = (tables: number): string => `
import { relations } from 'drizzle-orm'
import {
  type AnyPgColumn, bigint, boolean, integer, jsonb, numeric, pgTable, real, serial, text, timestamp,
} from 'drizzle-orm/pg-core'
${each(
  tables,
  (n, next, before) => `
export const t${n} = pgTable('table_${n}', {
  id: serial().primaryKey(),
  name: text().notNull(),
  status: text({ enum: ['a', 'b'] }).notNull().default('a'),
  count${n}: integer(),
  big: bigint({ mode: 'bigint' }),
  price: numeric(),
  ratio: real(),
  prefs: jsonb().$type<{ theme: string }>(),
  done: boolean().notNull().default(false),
  createdAt: timestamp().notNull().defaultNow(),
  parentId: integer().notNull().references((): AnyPgColumn => t${next}.id),
})
export const r${n} = relations(t${n}, ({ one, many }) => ({
  parent: one(t${next}, { fields: [t${n}.parentId], references: [t${next}.id] }),
  children: many(t${before}),
}))`,
)}`

const callsOf = (tables: number): string => `
import { connect } from '@mqttspec/client'
import { defineSpec } from '@mqttspec/server'
import * as schema from './generated-schema.ts'

export const api = defineSpec({ schema })${each(tables, (n) => `.entity('t${n}')`)}
const spec = await connect<typeof api>('mqtt://localhost')
${each(
  tables,
  (n) => `
export const page${n} = await spec.read('t${n}', {
  where: { status: 'a', count${n}: { gte: 1 } },
  sort: '-createdAt',
  columns: ['id', 'name'],
  with: { children: { columns: ['name'], limit: 3 }, parent: true },
})
export const name${n}: string | undefined = page${n}.data[0]?.children[0]?.name
export const made${n} = await spec.create('t${n}', { name: 'x', parentId: 1, children: [{ name: 'y' }] })
export const child${n}: string | undefined = made${n}.children[0]?.name
export const row${n} = await spec.update('t${n}', 1, { name: 'x', status: 'a' }, { if: { count${n}: 1 } })
for await (const rows of spec.live('t${n}', { where: { done: true }, columns: ['name'], with: { parent: true } })) {
  void rows[0]?.parent?.name
}
for await (const event of spec.subscribe('t${n}', { where: { done: true } })) void event.type`,
)}`

// What one may do depends on a role: readers read, editors change, admins delete and see everybody's drafts.
import { connect } from '@mqttspec/client'
import { defineSpec } from '@mqttspec/server'
import { boolean, pgTable, serial, text } from 'drizzle-orm/pg-core'
import * as z from 'zod'

const posts = pgTable('posts', {
  id: serial().primaryKey(),
  title: text().notNull(),
  published: boolean().notNull().default(false),
})

const api = defineSpec({
  schema: { posts },
  auth: z.object({ sub: z.string(), role: z.enum(['reader', 'editor', 'admin']) }),
  authenticate: ({ token }) => ({ sub: token, role: token }), // see jwt.ts for a token that can be trusted
}).entity('posts', {
  scope: ({ role }) => (role === 'reader' ? { published: true } : true),
  allow: {
    create: ({ role }) => role !== 'reader',
    update: ({ role }) => role !== 'reader',
    delete: ({ role }) => role === 'admin',
  },
})

await using server = await api.listen({ broker: { port: 0, webSocket: false } })
const as = (role: string) =>
  connect<typeof api>(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`, { token: () => role })
await using reader = await as('reader')
await using editor = await as('editor')
await using admin = await as('admin')

const draft = await editor.create('posts', { title: 'Draft' })
console.log('a reader sees', (await reader.read('posts')).data.length)
await reader.create('posts', { title: 'Mine' }).catch((error) => console.log('a reader writes:', error.code))
await editor.update('posts', draft.id, { published: true })
console.log('a reader sees', (await reader.read('posts')).data.length)
await editor.delete('posts', draft.id).catch((error) => console.log('an editor deletes:', error.code))
await admin.delete('posts', draft.id)
console.log('an admin has deleted it')

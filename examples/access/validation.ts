// Rules that a column's type can not tell: a hook before the write looks at the row, mends it or refuses it.
import { connect } from '@mqttspec/client'
import { defineSpec } from '@mqttspec/server'
import { pgTable, serial, text } from 'drizzle-orm/pg-core'
import * as z from 'zod'

const users = pgTable('users', { id: serial().primaryKey(), email: text().notNull(), name: text().notNull() })

const rules = z.object({ email: z.email(), name: z.string().trim().min(2) })

const api = defineSpec({ schema: { users } })
  .entity('users')
  .hook('beforeCreate', 'users', (ctx) => {
    const checked = rules.safeParse(ctx.data)
    // The message of a plain Error is what the client is told; of any other it is told only that the hook failed.
    if (!checked.success) throw new Error(checked.error.issues.map(({ path }) => `check ${path.join('.')}`).join(', '))
    Object.assign(ctx.data, checked.data)
  })
  .hook('beforeUpdate', 'users', (ctx) => {
    const checked = rules.partial().safeParse(ctx.data)
    if (!checked.success) throw new Error('check what you change')
    Object.assign(ctx.data, checked.data)
  })

await using server = await api.listen({ broker: { port: 0, webSocket: false } })
await using spec = await connect<typeof api>(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`)

const ann = await spec.create('users', { email: 'ann@example.com', name: '  Ann ' })
console.log('stored', JSON.stringify(ann.name))
await spec.create('users', { email: 'nonsense', name: 'x' }).catch((error) => console.log(error.code, error.message))
await spec.update('users', ann.id, { email: 'x' }).catch((error) => console.log(error.code, error.message))
console.log('stored', (await spec.read('users')).data.length)

// A hook with the server's own database: an order takes from the stock in one transaction, or is not made.
import { connect } from '@mqttspec/client'
import { defineSpec } from '@mqttspec/server'
import { and, eq, gte, sql } from 'drizzle-orm'
import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core'

const stock = pgTable('stock', { item: text().primaryKey(), left: integer().notNull() })
const orders = pgTable('orders', { id: serial().primaryKey(), item: text().notNull(), pieces: integer().notNull() })

// The stock is no entity: no client reaches it.
const api = defineSpec({ schema: { stock, orders } })
  .entity('orders', { allow: { update: false, delete: false } })
  .hook('afterCreate', 'orders', async ({ db, row }) => {
    // Drizzle, bound to the transaction of this request: what it writes is taken back with the order.
    const taken = await db
      .update(stock)
      .set({ left: sql`${stock.left} - ${row.pieces}` })
      .where(and(eq(stock.item, row.item), gte(stock.left, row.pieces)))
      .returning()
    if (taken.length === 0) throw new Error(`not so many of ${row.item} are left`)
  })

await using server = await api.listen({ broker: { port: 0, webSocket: false } })
await server.db.insert(stock).values({ item: 'lamp', left: 5 }) // the same outside of hooks

await using spec = await connect<typeof api>(`mqtt://127.0.0.1:${server.addresses.mqtt?.port}`)
await spec.create('orders', { item: 'lamp', pieces: 3 })
const refused = await spec.create('orders', { item: 'lamp', pieces: 3 }).catch((error: Error) => error.message)
console.log(`refused: ${refused}`)
const [lamps] = await server.db.select().from(stock)
console.log('left', lamps?.left, 'orders', await server.db.$count(orders))

import { boolean, pgTable, serial, text } from 'drizzle-orm/pg-core'

export const notes = pgTable('notes', {
  id: serial().primaryKey(),
  text: text().notNull(),
  done: boolean().notNull().default(false),
})

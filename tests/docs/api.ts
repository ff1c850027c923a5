import { defineSpec } from '@mqttspec/server'
import { boolean, integer, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core'

/*
 * The `./api.ts` that the pages import: what somebody has who reads them.
 */

const users = pgTable('users', {
  id: serial().primaryKey(),
  name: text().notNull(),
  email: text(),
  age: integer(),
  status: text({ enum: ['active', 'inactive'] })
    .notNull()
    .default('active'),
  createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
})

const posts = pgTable('posts', {
  id: serial().primaryKey(),
  title: text().notNull(),
  published: boolean().notNull().default(false),
})

export const api = defineSpec({ schema: { users, posts } }).entity('users').entity('posts')

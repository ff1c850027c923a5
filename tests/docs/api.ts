import { defineSpec } from '@mqttspec/server'
import { relations } from 'drizzle-orm'
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
  authorId: integer().references(() => users.id),
  title: text().notNull(),
  published: boolean().notNull().default(false),
})

const usersRelations = relations(users, ({ many }) => ({ posts: many(posts) }))
const postsRelations = relations(posts, ({ one }) => ({
  author: one(users, { fields: [posts.authorId], references: [users.id] }),
}))

export const api = defineSpec({ schema: { users, posts, usersRelations, postsRelations } })
  .entity('users')
  .entity('posts')

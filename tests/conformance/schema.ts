import { relations } from 'drizzle-orm'
import { boolean, integer, jsonb, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core'

const createdAt = () => timestamp({ withTimezone: true }).notNull().defaultNow()

export const users = pgTable('users', {
  id: serial().primaryKey(),
  tenant_id: text().notNull().default('a'),
  name: text().notNull(),
  email: text().unique(),
  status: text().notNull().default('active'),
  age: integer(),
  active: boolean().notNull().default(true),
  prefs: jsonb(),
  created_at: createdAt(),
})

export const posts = pgTable('posts', {
  id: serial().primaryKey(),
  tenant_id: text().notNull().default('a'),
  user_id: integer()
    .notNull()
    .references(() => users.id),
  title: text().notNull(),
  status: text().notNull().default('draft'),
  created_at: createdAt(),
})

export const locked = pgTable('locked', { id: serial().primaryKey(), name: text() })

/** Is in the database, and is never registered. */
export const secrets = pgTable('secrets', { id: serial().primaryKey(), token: text() })

export const usersRelations = relations(users, ({ many }) => ({ posts: many(posts) }))
export const postsRelations = relations(posts, ({ one }) => ({
  user: one(users, { fields: [posts.user_id], references: [users.id] }),
}))

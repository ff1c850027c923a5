import { relations, sql } from 'drizzle-orm'
import {
  bigint,
  bigserial,
  boolean,
  customType,
  date,
  doublePrecision,
  integer,
  json,
  jsonb,
  numeric,
  pgEnum,
  pgTable,
  pgView,
  point,
  primaryKey,
  real,
  serial,
  text,
  time,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'

const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' })
const citext = customType<{ data: string }>({ dataType: () => 'citext' })
const money = customType<{ data: { cents: number } }>({ dataType: () => 'money' })

const Colour = { Red: 'red', Blue: 'blue' } as const

export const role = pgEnum('role', ['admin', 'member'])
export const colour = pgEnum('colour', Colour)

export const users = pgTable('users', {
  id: serial().primaryKey(),
  tenantId: integer('tenant_id').notNull(),
  name: text().notNull(),
  email: varchar({ length: 200 }),
  age: integer(),
  status: text({ enum: ['active', 'inactive'] })
    .notNull()
    .default('active'),
  role: role().notNull().default('member'),
  passwordHash: text('password_hash').notNull(),
  prefs: jsonb().$type<{ theme: 'dark' | 'light'; size?: number }>().notNull().default({ theme: 'dark' }),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
})

export const posts = pgTable('app_posts', {
  id: bigserial({ mode: 'number' }).primaryKey(),
  authorId: integer('author_id')
    .notNull()
    .references(() => users.id),
  title: text().notNull(),
  tags: text().array().notNull().default([]),
  published: boolean().notNull().default(false),
})

export const everything = pgTable('everything', {
  id: uuid().primaryKey().defaultRandom(),
  always: integer().generatedAlwaysAsIdentity(),
  byDefault: integer().generatedByDefaultAsIdentity(),
  doubled: integer().generatedAlwaysAs(sql`1 * 2`),
  big: bigint({ mode: 'bigint' }).notNull(),
  bigNumber: bigint({ mode: 'number' }).notNull(),
  price: numeric().notNull(),
  priceNumber: numeric({ mode: 'number' }).notNull(),
  ratio: real().notNull(),
  exact: doublePrecision().notNull(),
  day: date({ mode: 'date' }).notNull(),
  dayText: date().notNull(),
  at: timestamp().notNull(),
  atText: timestamp({ mode: 'string' }).notNull(),
  clock: time().notNull(),
  bytes: bytea().notNull(),
  insensitive: citext().notNull(),
  money: money(),
  colour: colour().notNull(),
  anything: json(),
  place: point(),
  bigs: bigint({ mode: 'bigint' }).array().notNull(),
  times: timestamp().array(),
  grid: integer().array().array(),
  moods: text({ enum: ['good', 'bad'] }).array(),
})

export const memberships = pgTable(
  'memberships',
  {
    userId: integer('user_id').notNull(),
    groupId: integer('group_id').notNull(),
    note: text(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.groupId] })],
)

export const activeUsers = pgView('active_users').as((query) =>
  query.select({ id: users.id, name: users.name, letters: sql<number>`length(name)`.as('letters') }).from(users),
)

export const totals = pgView('totals', { day: date().notNull(), amount: numeric() }).as(sql`select 1`)

export const usersRelations = relations(users, ({ many }) => ({ posts: many(posts), memberships: many(memberships) }))
export const postsRelations = relations(posts, ({ one }) => ({
  author: one(users, { fields: [posts.authorId], references: [users.id] }),
}))

/** A function beside the tables, as schema files have them. */
export function seed(): void {}

import { relations } from 'drizzle-orm'
import {
  boolean,
  doublePrecision,
  index,
  integer,
  numeric,
  pgTable,
  serial,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'

export const people = pgTable(
  'people',
  {
    id: serial().primaryKey(),
    name: text().notNull(),
    email: text().notNull(),
    status: text().notNull(),
    age: integer().notNull(),
    city: text(),
    bio: text(),
    score: numeric().notNull(),
    height: doublePrecision().notNull(),
    active: boolean().notNull().default(true),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('people_status_created').on(table.status, table.createdAt, table.id)],
)

export const posts = pgTable(
  'posts',
  {
    id: serial().primaryKey(),
    personId: integer('person_id')
      .notNull()
      .references(() => people.id),
    title: text().notNull(),
    body: text().notNull(),
    likes: integer().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('posts_person').on(table.personId, table.id)],
)

/** What is only written, so that the tables that are read stay as they are. */
export const notes = pgTable('notes', {
  id: serial().primaryKey(),
  personId: integer('person_id').notNull(),
  body: text().notNull(),
  rank: integer().notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
})

export const peopleRelations = relations(people, ({ many }) => ({ posts: many(posts) }))
export const postsRelations = relations(posts, ({ one }) => ({
  person: one(people, { fields: [posts.personId], references: [people.id] }),
}))

/** How many people there are, with ids from 1. Each has `POSTS_OF_EACH` posts. */
export const PEOPLE = 10_000
export const POSTS_OF_EACH = 8
/** How many notes there are to update, with ids from 1. */
export const NOTES = 5_000

/** Makes and fills the tables. */
export const FILL = `
  create table people (id serial primary key, name text not null, email text not null, status text not null,
    age int not null, city text, bio text, score numeric not null, height float8 not null,
    active boolean not null default true, created_at timestamptz not null default now(),
    updated_at timestamptz not null default now());
  create table posts (id serial primary key, person_id int not null references people, title text not null,
    body text not null, likes int not null, created_at timestamptz not null default now());
  create table notes (id serial primary key, person_id int not null, body text not null, rank int not null,
    created_at timestamptz not null default now());
  insert into people (name, email, status, age, city, bio, score, height, created_at)
    select 'Person ' || i, 'person' || i || '@example.org', (array['active', 'idle', 'gone'])[1 + i % 3], i % 90,
      case when i % 5 > 0 then 'City ' || i % 200 end, repeat('Lorem ipsum "dolor" sit. ', 6), i / 7.0, i / 3.0,
      timestamptz '2026-01-01' + i * interval '1 minute'
    from generate_series(1, ${PEOPLE}) i;
  insert into posts (person_id, title, body, likes)
    select p, 'Post ' || n || ' of ' || p, repeat('Words and words. ', 6), n * p % 100
    from generate_series(1, ${PEOPLE}) p, generate_series(1, ${POSTS_OF_EACH}) n;
  insert into notes (person_id, body, rank) select i, 'note ' || i, 0 from generate_series(1, ${NOTES}) i;
  create index people_status_created on people (status, created_at, id);
  create index posts_person on posts (person_id, id);`

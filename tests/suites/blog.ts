import { defineSpec } from '@mqttspec/server'
import { relations, sql } from 'drizzle-orm'
import { type AnyPgColumn, integer, pgTable, primaryKey, serial, text } from 'drizzle-orm/pg-core'

export const authors = pgTable('authors', {
  id: serial().primaryKey(),
  name: text().notNull(),
  email: text().unique(),
  secret: text(),
  age: integer(),
})

export const articles = pgTable('articles', {
  id: serial().primaryKey(),
  authorId: integer('author_id')
    .notNull()
    .references(() => authors.id),
  parentId: integer('parent_id').references((): AnyPgColumn => articles.id),
  title: text().notNull(),
  rank: integer(),
})

export const tags = pgTable('tags', { id: serial().primaryKey(), label: text().notNull().unique() })

export const articleTags = pgTable(
  'article_tags',
  {
    articleId: integer('article_id')
      .notNull()
      .references(() => articles.id),
    tagId: integer('tag_id')
      .notNull()
      .references(() => tags.id),
    note: text(),
  },
  (table) => [primaryKey({ columns: [table.articleId, table.tagId] })],
)

export const authorsRelations = relations(authors, ({ many }) => ({ articles: many(articles) }))
export const articlesRelations = relations(articles, ({ one, many }) => ({
  author: one(authors, { fields: [articles.authorId], references: [authors.id] }),
  parent: one(articles, { fields: [articles.parentId], references: [articles.id], relationName: 'tree' }),
  children: many(articles, { relationName: 'tree' }),
  tags: many(articleTags),
}))
export const articleTagsRelations = relations(articleTags, ({ one }) => ({
  article: one(articles, { fields: [articleTags.articleId], references: [articles.id] }),
  tag: one(tags, { fields: [articleTags.tagId], references: [tags.id] }),
}))

const schema = { authors, articles, tags, articleTags, authorsRelations, articlesRelations, articleTagsRelations }

/** A small schema with every kind of relation, a composite key and a hidden column. */
export const blog = defineSpec({ schema })
  .entity('authors', {
    omit: ['secret'],
    computed: {
      initial: (t) => sql<string>`upper(left(${t.name}, ${1}))`,
      decade: (t) => sql<number>`${t.age} / 10`,
    },
    operators: {
      olderThan: (t, value) => sql`${t.age} > ${Number(value)}`,
      named: (t, value) => sql`${t.name} = ${String(value)}`,
    },
  })
  .entity('articles')
  .entity('tags')
  .entity('articleTags')

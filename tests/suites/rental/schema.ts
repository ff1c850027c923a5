import { defineSpec } from '@mqttspec/server'
import { relations } from 'drizzle-orm'
import {
  type AnyPgColumn,
  bigserial,
  boolean,
  char,
  date,
  integer,
  jsonb,
  numeric,
  pgSchema,
  primaryKey,
  serial,
  smallint,
  text,
  timestamp,
  varchar,
} from 'drizzle-orm/pg-core'

/*
 * A film rental in the manner of Pagila, with staff in the manner of Chinook: names in capitals, a schema of its own,
 * composite keys, an enum, arrays, two ways from one table to another, and a table that refers to itself.
 */
const rental = pgSchema('rental shop')

export const rating = rental.enum('mpaa_rating', ['G', 'PG', 'PG-13', 'R', 'NC-17'])

export const staff = rental.table('Employee', {
  employeeId: serial('EmployeeId').primaryKey(),
  lastName: varchar('LastName', { length: 20 }).notNull(),
  title: varchar('Title', { length: 30 }),
  reportsTo: integer('ReportsTo').references((): AnyPgColumn => staff.employeeId),
  hireDate: timestamp('HireDate', { mode: 'string' }),
})

export const languages = rental.table('language', {
  languageId: serial('language_id').primaryKey(),
  name: char({ length: 8 }).notNull(),
})

export const films = rental.table('film', {
  filmId: serial('film_id').primaryKey(),
  title: varchar({ length: 255 }).notNull(),
  releaseYear: smallint('release_year'),
  languageId: integer('language_id')
    .notNull()
    .references(() => languages.languageId),
  originalLanguageId: integer('original_language_id').references(() => languages.languageId),
  rentalRate: numeric('rental_rate', { precision: 4, scale: 2 }).notNull(),
  rating: rating().default('G'),
  specialFeatures: text('special_features').array(),
  details: jsonb(),
  lastUpdate: timestamp('last_update', { withTimezone: true, mode: 'string' }).notNull(),
})

export const actors = rental.table('actor', {
  actorId: serial('actor_id').primaryKey(),
  firstName: text('first_name').notNull(),
  lastName: text('last_name').notNull(),
})

export const filmActors = rental.table(
  'film_actor',
  {
    actorId: integer('actor_id')
      .notNull()
      .references(() => actors.actorId),
    filmId: integer('film_id')
      .notNull()
      .references(() => films.filmId),
    billing: smallint(),
  },
  (table) => [primaryKey({ columns: [table.actorId, table.filmId] })],
)

export const customers = rental.table('customer', {
  customerId: serial('customer_id').primaryKey(),
  email: varchar({ length: 50 }),
  active: boolean().notNull(),
  createDate: date('create_date').notNull(),
})

/** At most one for a customer. */
export const addresses = rental.table('address', {
  customerId: integer('customer_id')
    .primaryKey()
    .references(() => customers.customerId),
  city: text(),
})

export const rentals = rental.table('rental', {
  rentalId: bigserial('rental_id', { mode: 'bigint' }).primaryKey(),
  customerId: integer('customer_id')
    .notNull()
    .references(() => customers.customerId),
  filmId: integer('film_id')
    .notNull()
    .references(() => films.filmId),
  staffId: integer('staff_id').references(() => staff.employeeId),
  returnDate: timestamp('return_date', { withTimezone: true, mode: 'string' }),
})

const staffRelations = relations(staff, ({ one, many }) => ({
  manager: one(staff, { fields: [staff.reportsTo], references: [staff.employeeId], relationName: 'line' }),
  reports: many(staff, { relationName: 'line' }),
  rentals: many(rentals),
}))
const languagesRelations = relations(languages, ({ many }) => ({
  films: many(films, { relationName: 'spoken' }),
  originals: many(films, { relationName: 'original' }),
}))
const filmsRelations = relations(films, ({ one, many }) => ({
  language: one(languages, {
    fields: [films.languageId],
    references: [languages.languageId],
    relationName: 'spoken',
  }),
  originalLanguage: one(languages, {
    fields: [films.originalLanguageId],
    references: [languages.languageId],
    relationName: 'original',
  }),
  filmActors: many(filmActors),
  rentals: many(rentals),
}))
const actorsRelations = relations(actors, ({ many }) => ({ filmActors: many(filmActors) }))
const filmActorsRelations = relations(filmActors, ({ one }) => ({
  actor: one(actors, { fields: [filmActors.actorId], references: [actors.actorId] }),
  film: one(films, { fields: [filmActors.filmId], references: [films.filmId] }),
}))
const customersRelations = relations(customers, ({ one, many }) => ({
  address: one(addresses, { fields: [customers.customerId], references: [addresses.customerId] }),
  rentals: many(rentals),
}))
const addressesRelations = relations(addresses, ({ one }) => ({
  customer: one(customers, { fields: [addresses.customerId], references: [customers.customerId] }),
}))
const rentalsRelations = relations(rentals, ({ one }) => ({
  customer: one(customers, { fields: [rentals.customerId], references: [customers.customerId] }),
  film: one(films, { fields: [rentals.filmId], references: [films.filmId] }),
  staff: one(staff, { fields: [rentals.staffId], references: [staff.employeeId] }),
}))

export const shop = defineSpec({
  schema: {
    rental,
    rating,
    staff,
    languages,
    films,
    actors,
    filmActors,
    customers,
    addresses,
    rentals,
    staffRelations,
    languagesRelations,
    filmsRelations,
    actorsRelations,
    filmActorsRelations,
    customersRelations,
    addressesRelations,
    rentalsRelations,
  },
})
  .entity('staff')
  .entity('languages')
  .entity('films')
  .entity('actors')
  .entity('filmActors')
  .entity('customers')
  .entity('addresses')
  .entity('rentals')

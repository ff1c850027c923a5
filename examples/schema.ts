import { relations } from 'drizzle-orm'
import { integer, pgTable, real, serial, text, timestamp } from 'drizzle-orm/pg-core'

/** What the examples keep: devices, and what they measured. */
export const devices = pgTable('devices', {
  id: serial().primaryKey(),
  name: text().notNull().unique(),
  site: text().notNull(),
})

export const readings = pgTable('readings', {
  id: serial().primaryKey(),
  device_id: integer()
    .notNull()
    .references(() => devices.id, { onDelete: 'cascade' }),
  celsius: real().notNull(),
  at: timestamp({ withTimezone: true }).notNull().defaultNow(),
})

export const devicesRelations = relations(devices, ({ many }) => ({ readings: many(readings) }))
export const readingsRelations = relations(readings, ({ one }) => ({
  device: one(devices, { fields: [readings.device_id], references: [devices.id] }),
}))

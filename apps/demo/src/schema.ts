import { relations, sql } from 'drizzle-orm'
import { bigserial, check, doublePrecision, index, pgTable, serial, text, timestamp } from 'drizzle-orm/pg-core'

/** Who looks after the fleet. */
export const users = pgTable('users', {
  id: serial().primaryKey(),
  name: text().notNull(),
  email: text().notNull().unique(),
  status: text().notNull().default('active'),
  created_at: timestamp({ withTimezone: true }).notNull().defaultNow(),
})

/**
 * One row a device: what people set (`name`, `site`, `threshold` in °C) and what the device itself reports with every
 * reading (the rest). `status` is online, offline or alarm; `battery` is a percentage.
 */
export const devices = pgTable(
  'devices',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    kind: text().notNull(),
    site: text().notNull(),
    threshold: doublePrecision().notNull(),
    status: text().notNull().default('offline'),
    temperature: doublePrecision(),
    humidity: doublePrecision(),
    battery: doublePrecision().notNull().default(100),
    last_seen: timestamp({ withTimezone: true }),
  },
  (device) => [
    check('devices_id_is_short', sql`${device.id} ~ '^[a-z0-9-]{1,24}$'`),
    check('devices_name_is_given', sql`length(trim(${device.name})) > 0`),
    check('devices_threshold_is_plausible', sql`${device.threshold} between -80 and 250`),
    check('devices_status_is_known', sql`${device.status} in ('online', 'offline', 'alarm')`),
  ],
)

/** What the devices measured: °C and percent of relative humidity. */
export const readings = pgTable(
  'readings',
  {
    id: bigserial({ mode: 'bigint' }).primaryKey(),
    device_id: text()
      .notNull()
      .references(() => devices.id, { onDelete: 'cascade' }),
    temperature: doublePrecision().notNull(),
    humidity: doublePrecision().notNull(),
    at: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  (reading) => [
    index('readings_of_a_device').on(reading.device_id, reading.id),
    index('readings_by_time').on(reading.at),
  ],
)

export const devicesRelations = relations(devices, ({ many }) => ({ readings: many(readings) }))

export const readingsRelations = relations(readings, ({ one }) => ({
  device: one(devices, { fields: [readings.device_id], references: [devices.id] }),
}))

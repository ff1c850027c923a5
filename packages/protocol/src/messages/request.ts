import * as z from 'zod/mini'
import { readOptions } from '../options/read-options.ts'
import { changeOptions, createOptions, noOptions } from '../options/write-options.ts'
import { entityFields, envelopeFields, id } from './envelope.ts'

const key = z.union([z.string(), z.number(), z.record(z.string(), z.unknown())])
const row = z.record(z.string(), z.unknown())
const head = { ...envelopeFields, id, type: z.literal('request') }

/** Reads one row (by `record_id`, or the key in `data`) or a page of rows. */
export const readRequest = z.object({
  ...head,
  ...entityFields,
  operation: z.literal('read'),
  record_id: z.optional(key),
  data: z.optional(row),
  options: z.optional(readOptions),
})

/** Stores one row, or many in one transaction. */
export const createRequest = z.object({
  ...head,
  ...entityFields,
  operation: z.literal('create'),
  data: z.union([row, z.array(row)]),
  options: z.optional(createOptions),
})

/** Changes some columns of one row, or of many rows in one transaction. */
export const updateRequest = z.object({
  ...head,
  ...entityFields,
  operation: z.literal('update'),
  record_id: z.optional(key),
  data: z.union([row, z.array(row)]),
  options: z.optional(changeOptions),
})

/** Deletes one row, or many in one transaction. */
export const deleteRequest = z.object({
  ...head,
  ...entityFields,
  operation: z.literal('delete'),
  record_id: z.optional(key),
  data: z.optional(z.union([row, z.array(row)])),
  options: z.optional(changeOptions),
})

/** Asks what an entity is made of. */
export const metaRequest = z.object({
  ...head,
  ...entityFields,
  operation: z.literal('meta'),
  options: z.optional(noOptions),
})

/** One write of a batch. A value may be `{"$ref": [index, "column"]}`: taken from an earlier result. */
export const batchOperation = z.strictObject({
  operation: z.enum(['create', 'update', 'delete']),
  ...entityFields,
  record_id: z.optional(key),
  data: z.optional(z.union([row, z.array(row)])),
  options: z.optional(row),
})

/** Several writes in one transaction. */
export const batchRequest = z.object({
  ...head,
  operation: z.literal('batch'),
  data: z.strictObject({ operations: z.array(batchOperation) }),
  options: z.optional(noOptions),
})

/** Everything of `type: request`. */
export const request = z.discriminatedUnion('operation', [
  readRequest,
  createRequest,
  updateRequest,
  deleteRequest,
  metaRequest,
  batchRequest,
])

export type ReadRequest = z.infer<typeof readRequest>
export type CreateRequest = z.infer<typeof createRequest>
export type UpdateRequest = z.infer<typeof updateRequest>
export type DeleteRequest = z.infer<typeof deleteRequest>
export type MetaRequest = z.infer<typeof metaRequest>
export type BatchRequest = z.infer<typeof batchRequest>
export type Request = z.infer<typeof request>

/** A read of things. */
export const read = (options: object = {}, more: object = {}) => ({
  operation: 'read',
  entity: 'things',
  options,
  ...more,
})

/** A create of things. */
export const create = (data: unknown) => ({ operation: 'create', entity: 'things', data })

/** A read of the things of which one comparison holds. */
export const where = (column: unknown, operator: unknown, value: unknown) =>
  read({ filters: [{ column, operator, value }] })

/** A subscription to things. */
export const subscribe = (options: object = {}) => ({
  type: 'subscription',
  operation: 'subscribe',
  entity: 'things',
  options,
})

import { isSpecError } from '@mqttspec/protocol'

/** Does the server not take this option of a subscription: a filter that only a read can use, a place that it knows not? */
export const isOptionRefusal = (error: unknown, ...options: readonly string[]): boolean =>
  isSpecError(error) && options.includes(String(error.details?.path?.[1]))

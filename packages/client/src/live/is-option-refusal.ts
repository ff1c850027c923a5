import { isSpecError } from '@mqttspec/protocol'

/** Does the server say that it cannot decide this filter for each change? A read can use it all the same. */
export const isFilterRefusal = (error: unknown): boolean =>
  isSpecError(error) && error.code === 'invalid_options' && error.details?.path?.[1] === 'filters'

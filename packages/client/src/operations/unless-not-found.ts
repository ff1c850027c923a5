import { isSpecError } from '@mqttspec/protocol'

/** What a read of one row gives; null when the server says that there is no such row. */
export async function unlessNotFound<Value>(read: () => Promise<Value>): Promise<Value | null> {
  try {
    return await read()
  } catch (error) {
    if (isSpecError(error) && error.code === 'not_found') return null
    throw error
  }
}

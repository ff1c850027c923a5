import { SpecError } from '@mqttspec/protocol'
import { codeAt } from './explain-issues.ts'

/** Refuses options that the protocol names and this version does not carry out: nothing is ignored. */
export function refuseUnbuilt(options: object, names: readonly string[]): void {
  const found = names.find((name) => name in options)
  if (found === undefined) return
  const path = ['options', found]
  throw new SpecError(codeAt(path), `This version of the server does not know ${found} yet.`, { path })
}

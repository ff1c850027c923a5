/** Is this the address of a socket's other end on the same machine? */
export const isLoopbackAddress = (address: string | undefined): boolean =>
  address !== undefined && /^(::1$|(::ffff:)?127\.)/.test(address)

/** Counts connections by address. Loopback is not counted: a proxy there speaks for everybody. */
export class AddressCount {
  readonly #counts = new Map<string, number>()

  of(address: string | undefined): number {
    return this.#counts.get(address ?? '') ?? 0
  }

  add(address: string | undefined): void {
    if (address !== undefined && !isLoopbackAddress(address)) this.#counts.set(address, this.of(address) + 1)
  }

  remove(address: string | undefined): void {
    const left = this.of(address) - 1
    if (address === undefined || left < 0) return
    if (left === 0) this.#counts.delete(address)
    else this.#counts.set(address, left)
  }
}

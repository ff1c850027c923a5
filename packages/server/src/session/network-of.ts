/** The IPv4 address, or the first half of an IPv6 address: who has one of its addresses has all of them. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1]
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address
  const [head = '', tail] = address.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const gap = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...gap, ...after].slice(0, 4).join(':')
}

/** Is this the address of a socket's other end on the same machine? */
export const isLoopback = (address: string): boolean => /^(::1$|(::ffff:)?127\.)/i.test(address)

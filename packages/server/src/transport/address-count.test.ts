import { describe, expect, it } from 'vitest'
import { AddressCount } from './address-count.ts'

describe('AddressCount', () => {
  it('counts each address for itself, and forgets what is gone', () => {
    const count = new AddressCount()
    for (const address of ['192.0.2.1', '192.0.2.1', '2001:db8::1']) count.add(address)
    expect([count.of('192.0.2.1'), count.of('2001:db8::1'), count.of('192.0.2.2')]).toEqual([2, 1, 0])
    for (let n = 0; n < 3; n += 1) count.remove('192.0.2.1')
    expect(count.of('192.0.2.1')).toBe(0)
  })

  it('does not count loopback, nor what has no address', () => {
    const count = new AddressCount()
    for (const address of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1', undefined]) {
      count.add(address)
      expect(count.of(address)).toBe(0)
      count.remove(address)
      expect(count.of(address)).toBe(0)
    }
  })
})

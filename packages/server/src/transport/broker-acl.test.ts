import { describe, expect, it } from 'vitest'
import { BrokerAcl } from './broker-acl.ts'

describe.each(['spec', 'site/7/spec'])('the rules under the prefix %s', (prefix) => {
  const acl = new BrokerAcl(prefix)

  it('let a client publish its own requests and status, and nothing else', () => {
    expect(acl.publishing('eve', `${prefix}/eve/request`)).toBe('request')
    expect(acl.publishing('eve', `${prefix}/eve/status`)).toBe('status')
    for (const topic of [
      `${prefix}/alice/request`,
      `${prefix}/eve/response`,
      `${prefix}/eve/notify/1`,
      `${prefix}/eve/request/`,
      `/${prefix}/eve/request`,
      `${prefix}//eve/request`,
      `${prefix}/$server/eve/status`,
      `other/eve/request`,
      '$SYS/x/new/clients',
      'eve/request',
      '',
    ]) {
      expect(acl.publishing('eve', topic), topic).toBeUndefined()
    }
  })

  it('let a client hear its own replies and notifications, and that a server came or went', () => {
    expect(acl.hearing('eve', `${prefix}/eve/response`)).toEqual({ kind: 'response' })
    expect(acl.hearing('eve', `${prefix}/eve/notify/+`)).toEqual({ kind: 'notify', subscriptionId: '+' })
    expect(acl.hearing('eve', `${prefix}/eve/notify/s-1`)).toEqual({ kind: 'notify', subscriptionId: 's-1' })
    expect(acl.hearing('eve', `${prefix}/$server/+/status`)).toEqual({ kind: 'server-status' })
    expect(acl.hearing('eve', `${prefix}/$server/one/status`)).toEqual({ kind: 'server-status' })
  })

  it('let a client hear nothing else', () => {
    for (const filter of [
      '#',
      '+/#',
      `${prefix}/#`,
      `${prefix}/+/response`,
      `${prefix}/alice/response`,
      `${prefix}/alice/notify/+`,
      `${prefix}/eve/#`,
      `${prefix}/eve/+`,
      `${prefix}/eve/+/+`,
      `${prefix}/eve/notify/#`,
      `${prefix}/eve/notify/+/+`,
      `${prefix}/eve/notify/`,
      `${prefix}/eve/request`,
      `${prefix}/eve/status`,
      `${prefix}/+/status`,
      `${prefix}/$server/#`,
      `${prefix}/$server/+/+`,
      `${prefix}/$server//status`,
      `$share/g/${prefix}/+/request`,
      `$share/g/${prefix}/eve/response`,
      '$SYS/#',
      '+',
      '',
    ]) {
      expect(acl.hearing('eve', filter), filter).toBeUndefined()
    }
  })

  it('are not fooled by a client id that looks like a filter', () => {
    for (const clientId of ['+', '#', 'a/b', '$x', '', '\0', '🐎', 'a'.repeat(65), 'a b', '../a']) {
      expect(acl.isClientId(clientId), clientId).toBe(false)
    }
    expect(acl.hearing('+', `${prefix}/alice/response`)).toBeUndefined()
    for (const clientId of ['a', '__proto__', 'constructor', 'A.b:c-d_9', 'a'.repeat(64)]) {
      expect(acl.isClientId(clientId), clientId).toBe(true)
    }
  })

  it('allow a will on the own status topic only', () => {
    expect(acl.mayWill('eve', `${prefix}/eve/status`)).toBe(true)
    expect(acl.mayWill('eve', `${prefix}/eve/request`)).toBe(false)
    expect(acl.mayWill('eve', `${prefix}/alice/status`)).toBe(false)
  })
})

import { expect, test } from 'vitest'
import { checkSettings } from './check-settings.ts'

test('settings are names with a prefix, and texts, numbers or booleans', () => {
  expect(checkSettings({ 'app.tenant': 'a', 'app.user.id': 7n, 'my_app.admin': false, 'app.n': 0 })).toEqual([
    ['app.tenant', 'a'],
    ['app.user.id', '7'],
    ['my_app.admin', 'false'],
    ['app.n', '0'],
  ])
})

test.each([
  'tenant',
  'role',
  'app.',
  '.app',
  'app.Tenant',
  'app.te nant',
  "app.x', 'y",
  'app.tenant; drop table x',
  'mqttspec.server',
  '',
])('a setting %j is refused', (name) => {
  expect(() => checkSettings({ [name]: 'x' })).toThrow('settings have a prefix of your own')
})

test.each([[undefined], [null], [{}], [['a']], [() => 'x']])('a value %j is refused', (value) => {
  expect(() => checkSettings({ 'app.tenant': value })).toThrow('app.tenant')
})

test.each([[undefined], [null], ['app.tenant'], [[]], [Promise.resolve({})]])('%j is no settings', (returned) => {
  if (returned instanceof Promise) expect(() => checkSettings(returned)).toThrow('a promise')
  else expect(() => checkSettings(returned)).toThrow('it returns settings by name')
})

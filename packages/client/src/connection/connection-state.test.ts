import { expect, test } from 'vitest'
import { afterInput, type ConnectionInput, type ConnectionState } from './connection-state.ts'

function walk(...inputs: ConnectionInput[]): ConnectionState[] {
  let state: ConnectionState = 'connecting'
  return inputs.map((input) => {
    state = afterInput(state, input)
    return state
  })
}

test('a connection opens, breaks, and is tried again', () => {
  expect(walk('opened', 'lost', 'retry', 'lost', 'retry', 'opened')).toEqual([
    'online',
    'offline',
    'connecting',
    'offline',
    'connecting',
    'online',
  ])
})

test('a refused connection is unauthorized until it is tried again', () => {
  expect(walk('refused', 'lost', 'retry', 'opened')).toEqual(['unauthorized', 'unauthorized', 'connecting', 'online'])
})

test('a closed connection stays closed, whatever comes', () => {
  expect(walk('close', 'opened', 'lost', 'refused', 'retry', 'close')).toEqual(Array(6).fill('closed'))
})

test('what an attempt says that is no longer wanted changes nothing', () => {
  expect(walk('lost', 'opened')).toEqual(['offline', 'offline'])
  expect(walk('opened', 'refused', 'retry')).toEqual(['online', 'online', 'online'])
})

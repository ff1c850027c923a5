import { describe, expect, it } from 'vitest'
import { PreparedShapes } from './prepared-shapes.ts'

describe('the statements one connection prepares', () => {
  it('are those that come again, each under one name', () => {
    const shapes = new PreparedShapes()
    expect(shapes.nameOf('a')).toBeUndefined()
    const name = shapes.nameOf('a')
    expect(name).toBeDefined()
    expect(shapes.nameOf('a')).toBe(name)
    shapes.nameOf('b')
    expect(shapes.nameOf('b')).not.toBe(name)
  })

  it('are never more than the limit', () => {
    const shapes = new PreparedShapes(2)
    for (const text of ['a', 'b', 'c']) {
      shapes.nameOf(text)
      shapes.nameOf(text)
    }
    expect(shapes.nameOf('b')).toBeDefined()
    expect(shapes.nameOf('c')).toBeUndefined()
  })

  it('leave out a text that comes again only after many others', () => {
    const shapes = new PreparedShapes(2)
    for (const text of ['a', 'b', 'c']) shapes.nameOf(text)
    expect(shapes.nameOf('a')).toBeUndefined()
    expect(shapes.nameOf('c')).toBeDefined()
  })

  it('ask for a fresh connection once a full set was missed often', () => {
    const shapes = new PreparedShapes(1)
    for (const text of ['a', 'a']) shapes.nameOf(text)
    for (let miss = 0; miss <= 20; miss++) {
      expect(shapes.worn).toBe(false)
      shapes.nameOf('b')
    }
    expect(shapes.worn).toBe(true)
  })
})

import { expect, test } from 'vitest'
import type { SubscriptionEvent } from '../subscription/event.ts'
import { RelatedChanges } from './related-changes.ts'
import type { WatchedEntity } from './watched-entities.ts'

/** Children whose `parent` is the `id` of a row. */
const children: WatchedEntity = {
  entity: 'children',
  concerns: (event, rows) => rows.some(({ id }) => 'data' in event && event.data.parent === id),
}

function watching() {
  let shown = 0
  const changes = new RelatedChanges(() => void shown++)
  const tell = (parent: number) =>
    changes.take({ type: 'enter', data: { parent } } as unknown as SubscriptionEvent, children)
  return { changes, tell, shown: () => shown }
}

test('a change shows under the rows that were read last, and under no others', () => {
  const { changes, tell, shown } = watching()
  changes.reading()
  changes.read([{ id: 1 }])
  tell(2)
  expect(shown()).toBe(0)
  tell(1)
  expect(shown()).toBe(1)
})

test('a change that comes during a read is held against the rows of that read too', () => {
  const { changes, tell, shown } = watching()
  changes.reading()
  changes.read([{ id: 1 }])
  changes.reading()
  tell(2)
  tell(3)
  changes.read([{ id: 2 }])
  expect(shown()).toBe(1)
  changes.reading()
  changes.read([{ id: 3 }])
  expect(shown()).toBe(1)
})

test('so many changes during a read that they cannot be looked at show', () => {
  const { changes, tell, shown } = watching()
  changes.reading()
  for (let parent = 0; parent < 2_000; parent++) tell(parent)
  changes.read([])
  expect(shown()).toBe(1)
})

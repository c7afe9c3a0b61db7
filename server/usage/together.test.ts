import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Segment } from './segment.ts'
import { anIntent } from './test/entries.ts'
import { Together } from './together.ts'

const segment: Segment = { path: '', fd: -1, size: 0, openIntents: 0, unstored: 0, spilled: false, closed: false }

/** How many records each write had. */
function startWriting() {
  const writes: number[] = []
  const together = new Together({
    append: (bytes, length) => {
      writes.push(bytes.toString('utf8', 0, length).trimEnd().split('\n').length)
      return segment
    },
    ended: () => undefined,
    begin: () => segment,
    end: () => undefined,
  })
  const add = (count: number) => {
    for (let left = count; left > 0; left--)
      together.add({ intent: anIntent('01a20a90-cc82-7400-8000-000000000000'), done: () => undefined })
  }
  return { writes, add }
}

test('a record that comes alone is written at once', async () => {
  const { writes, add } = startWriting()
  add(1)
  expect(writes).toEqual([1])
  await turn()
  add(1)
  expect(writes).toEqual([1, 1])
})

test('records of one turn are written together where the turn before had several', async () => {
  const { writes, add } = startWriting()
  add(3)
  await turn()
  expect(writes).toEqual([1, 2])
  add(3)
  expect(writes).toEqual([1, 2])
  await turn()
  expect(writes).toEqual([1, 2, 3])
})

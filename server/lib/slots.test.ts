import { expect, it } from 'vitest'
import { createSlots, SlotsTaken } from './slots.ts'

it('runs a few at a time in order, refuses what does not fit the queue, and survives a failure', async () => {
  const slots = createSlots({ concurrent: 2, waiting: 2 })
  const started: number[] = []
  const ends: PromiseWithResolvers<void>[] = []
  const run = (n: number) =>
    slots.run(() => {
      started.push(n)
      const end = Promise.withResolvers<void>()
      ends.push(end)
      return end.promise
    })
  const [one, two, three, four] = [run(1), run(2), run(3), run(4)]
  await expect(run(5)).rejects.toThrow(SlotsTaken)
  expect(started).toEqual([1, 2])

  ends[0]?.reject(new Error('failed'))
  await expect(one).rejects.toThrow('failed')
  expect(started).toEqual([1, 2, 3])
  for (const end of ends) end.resolve()
  await Promise.all([two, three])
  ends[3]?.resolve()
  await four
  expect(started).toEqual([1, 2, 3, 4])
  expect(await slots.run(async () => 'free again')).toBe('free again')
})

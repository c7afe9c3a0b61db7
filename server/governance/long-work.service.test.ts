import { expect, test } from 'vitest'
import { testWorld } from '../test/world.ts'
import { jobOf, type LongWork } from './long-work.service.ts'

const { parts, clock } = await testWorld()

test('a job leaves other jobs their turn after a minute, however much is unfinished, and comes to each of it', async () => {
  const batches = { older: 0, newer: 0 }
  const endless: LongWork<keyof typeof batches> = {
    name: 'endless',
    listUnfinished: async () => ['older', 'newer'],
    async *batches(_parts, row) {
      for (;;) {
        clock.advance(10_000)
        batches[row] += 1
        yield row
      }
    },
  }
  await jobOf(endless).run(parts, { from: clock.now(), to: clock.now() })
  expect(batches).toEqual({ older: 7, newer: 1 })
})

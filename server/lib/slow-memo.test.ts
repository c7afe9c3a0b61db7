import { expect, test } from 'vitest'
import { createSlowMemo } from './slow-memo.ts'

/** Each computation takes this long on a clock of the test. */
function counting(tookMs: number) {
  const clock = { now: 0, computed: 0 }
  const memo = createSlowMemo<number>(() => clock.now)
  const ask = () =>
    memo('all', async () => {
      clock.now += tookMs
      return ++clock.computed
    })
  return { clock, ask }
}

test('what is quick to compute is computed each time', async () => {
  const { ask } = counting(49)
  expect([await ask(), await ask()]).toEqual([1, 2])
})

test('what is slow is remembered twenty times as long as it took', async () => {
  const { clock, ask } = counting(100)
  expect([await ask(), await ask()]).toEqual([1, 1])
  clock.now += 1999
  expect(await ask()).toBe(1)
  clock.now += 1
  expect(await ask()).toBe(2)
})

test('asking while it is computed computes nothing more, and a failure is not remembered', async () => {
  const { clock, ask } = counting(100)
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1])
  const memo = createSlowMemo<number>(() => (clock.now += 100))
  await expect(memo('all', () => Promise.reject(new Error('away')))).rejects.toThrow('away')
  expect(await memo('all', async () => 7)).toBe(7)
})

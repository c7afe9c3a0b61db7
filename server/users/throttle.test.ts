import { expect, it } from 'vitest'
import { isNotable, remaining, toNetwork, waitMs, watch } from './throttle.ts'

const at = new Date('2026-11-23T12:00:00.000Z')
const after = (ms: number) => new Date(at.getTime() + ms)
const counted = (subject: string, failures: number) => ({ subject, failures, lastFailedAt: at })

it('delays more with every failure, but never more than a minute', () => {
  const waits = [1, 4, 5, 6, 7, 8, 10, 11, 1000].map((failures) => waitMs(counted('account:ada', failures), at))
  expect(waits).toEqual([0, 0, 1000, 2000, 4000, 8000, 32_000, 60_000, 60_000])
  expect(waitMs(counted('address:192.0.2.1', 19), at)).toBe(0)
  expect(waitMs(counted('address:192.0.2.1', 20), at)).toBe(1000)
  expect(waitMs(counted('unknown', 1000), at)).toBe(0)
})

it('ends the delay at an instant that refused tries do not move', () => {
  expect(waitMs(counted('account:ada', 6), after(1500))).toBe(500)
  expect(waitMs(counted('account:ada', 6), after(2000))).toBe(0)
})

it('forgets one failure a minute', () => {
  expect(remaining(counted('account:ada', 3), after(59_999))).toBe(3)
  expect(remaining(counted('account:ada', 3), after(60_000))).toBe(2)
  expect(remaining(counted('account:ada', 3), after(3_600_000))).toBe(0)
  expect(remaining(counted('account:ada', 3), after(-60_000))).toBe(3)
})

it('counts a try from a known address against the pair alone', () => {
  expect(watch('ada', '192.0.2.1', ['192.0.2.1'])).toEqual({
    subjects: ['known:ada@192.0.2.1'],
    cleared: 'known:ada@192.0.2.1',
  })
  expect(watch('ada', '192.0.2.2', ['192.0.2.1'])).toEqual({
    subjects: ['account:ada', 'address:192.0.2.2'],
    cleared: 'account:ada',
  })
  expect(watch(null, '192.0.2.2', []).subjects).toEqual(['address:192.0.2.2'])
})

it('takes an IPv6 subscriber for one address', () => {
  expect(toNetwork('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64')
  expect(toNetwork('::ffff:192.0.2.1')).toBe('192.0.2.1')
  expect(toNetwork(null)).toBe('unknown')
})

it('finds an attack worth telling at ever longer steps', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 1024, 1025].filter(isNotable)).toEqual([1, 2, 4, 8, 1024])
})

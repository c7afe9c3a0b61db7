import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Breaker, Breakers } from './breaker.ts'

let now = 0
const fresh = () => {
  now = 0
  return new Breaker(() => now)
}
const fail = (breaker: Breaker, times: number) => {
  for (let n = 0; n < times; n++) breaker.failed()
}

describe('a breaker', () => {
  it('opens after ten failures and lets nobody pass for a while', () => {
    const breaker = fresh()
    fail(breaker, 9)
    expect([breaker.state, breaker.waitMs]).toEqual(['CLOSED', 0])
    fail(breaker, 1)
    now = 1_000
    expect([breaker.state, breaker.waitMs]).toEqual(['OPEN', 4_000])
  })

  it('stays closed until half of the requests of half a minute failed', () => {
    const breaker = fresh()
    // At a minute a span begins: the nine before it have 27 seconds.
    for (now = 0; now < 60_000; now += 1_000) breaker.succeeded()
    fail(breaker, 26)
    expect(breaker.state).toBe('CLOSED')
    fail(breaker, 1)
    expect(breaker.state).toBe('OPEN')
  })

  it('is not impressed by a moment in which all that were under way broke off', () => {
    const breaker = fresh()
    for (let n = 0; n < 1_000; n++) breaker.succeeded()
    fail(breaker, 500)
    expect(breaker.state).toBe('CLOSED')
  })

  it('takes a few failures at the end of a load for what they are', () => {
    const breaker = fresh()
    breaker.failed()
    for (now = 0; now < 30_001; now += 100) breaker.succeeded()
    fail(breaker, 10)
    expect(breaker.state).toBe('CLOSED')
  })

  it('opens exactly when the last requests say so, however they come', () => {
    const outcomes = fc.array(fc.tuple(fc.nat(2_000), fc.boolean()), { maxLength: 400 })
    fc.assert(
      fc.property(outcomes, (all) => {
        const breaker = fresh()
        const seen: { readonly at: number; readonly isBad: boolean }[] = []
        for (const [laterMs, isBad] of all) {
          now += laterMs
          seen.push({ at: now, isBad })
          if (isBad) breaker.failed()
          else breaker.succeeded()
          const last = seen.filter(({ at }) => Math.floor(at / 3_000) > Math.floor(now / 3_000) - 10)
          const bad = last.filter((one) => one.isBad).length
          if (isBad && bad >= 10 && bad * 2 >= last.length) return expect(breaker.state).toBe('OPEN')
          expect(breaker.state).toBe('CLOSED')
        }
      }),
    )
  })

  it('forgets failures of long ago', () => {
    const breaker = fresh()
    fail(breaker, 9)
    now = 30_001
    fail(breaker, 9)
    expect(breaker.state).toBe('CLOSED')
  })

  it('lets one request find out, and closes when that succeeds', () => {
    const breaker = fresh()
    fail(breaker, 10)
    now = 5_000
    expect([breaker.state, breaker.waitMs, breaker.enter()]).toEqual(['HALF_OPEN', 0, true])
    expect(breaker.waitMs).toBeGreaterThan(0)
    breaker.succeeded()
    expect([breaker.state, breaker.waitMs, breaker.enter()]).toEqual(['CLOSED', 0, false])
  })

  it('stays open twice as long each time it was in vain, at most a minute', () => {
    const breaker = fresh()
    fail(breaker, 10)
    const waits: number[] = []
    while (waits.length < 6) {
      now += breaker.waitMs
      breaker.enter()
      breaker.failed()
      waits.push(breaker.waitMs)
    }
    expect(waits).toEqual([10_000, 20_000, 40_000, 60_000, 60_000, 60_000])
  })

  it('lets the next one find out when the first did not get that far', () => {
    const breaker = fresh()
    fail(breaker, 10)
    now = 5_000
    breaker.enter()
    breaker.abandoned()
    expect(breaker.waitMs).toBe(0)
  })

  it('does not open for longer by what was under way when it opened', () => {
    const breaker = fresh()
    fail(breaker, 20)
    expect(breaker.waitMs).toBe(5_000)
  })
})

it('breakers are one for each id, until they are reset', () => {
  const breakers = new Breakers(() => 0)
  fail(breakers.of('a'), 10)
  expect([breakers.of('a').state, breakers.of('b').state]).toEqual(['OPEN', 'CLOSED'])
  breakers.reset('a')
  expect(breakers.of('a').state).toBe('CLOSED')
})

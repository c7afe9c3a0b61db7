import { expect, test } from 'vitest'
import type { Limit } from './limit.ts'
import { LimitIndex } from './limit-index.ts'

const someLimit: Limit = {
  id: '',
  name: null,
  target: 'KEY',
  keyId: null,
  userId: null,
  groupId: null,
  providerId: null,
  modelPattern: null,
  metric: 'REQUESTS',
  period: 'MINUTE',
  amount: 1n,
  raisedAmount: null,
  raisedUntil: null,
  enabled: true,
  allowUnpriced: false,
  createdAt: new Date(0),
  deletedAt: null,
  version: 1,
}

test('10,000 limits that do not concern a request cost it nothing', async () => {
  const gates = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ limit: { ...someLimit, id: String(at), keyId: `key ${at}` } }))
  const few = new LimitIndex(gates(1), new Map())
  const many = new LimitIndex(gates(10_000), new Map())
  const time = (index: typeof few) => {
    const begun = performance.now()
    for (let round = 0; round < 100_000; round++)
      index.find({ keyId: 'other', ownerId: 'o', providerId: 'p', model: 'm' })
    return (performance.now() - begun) * 10
  }
  time(few)
  // Nanoseconds: 20 µs are allowed, this is far below.
  expect(time(many) - time(few)).toBeLessThan(5_000)
})

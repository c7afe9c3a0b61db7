import { expect, test } from 'vitest'
import { installationZone } from '../ui/instants.ts'
import type { Point } from './documents.ts'
import { mergeGroups, readRange, startOf, sumUp, toSlots, toTop, toValues } from './series.ts'

const point = (start: string, requests: number, more: Partial<Point> = {}): Point => ({
  start,
  group: null,
  label: null,
  requests,
  errors: 1,
  inputTokens: '9007199254740993',
  outputTokens: '1',
  costMicros: '5',
  unpriced: 2,
  averageLatencyMs: 100,
  ...more,
})

test('an hour without requests is a zero, not a gap', () => {
  const from = Date.parse('2026-11-23T00:30:00.000Z')
  const slots = toSlots([point('2026-11-23T02:00:00.000Z', 7)], from, from + 3 * 3_600_000, 'HOUR')
  expect(slots.map((slot) => slot.requests)).toEqual([0, 0, 7, 0])
})

test('days are those of the installation, where clocks are changed too', () => {
  installationZone.value = 'Europe/Berlin'
  const points = [point('2026-10-24T22:00:00.000Z', 7), point('2026-10-25T23:00:00.000Z', 2)]
  const slots = toSlots(points, Date.parse('2026-10-24T10:00Z'), Date.parse('2026-10-26T10:00Z'), 'DAY')
  expect(slots.map((slot) => slot.requests)).toEqual([0, 7, 2])
  installationZone.value = 'UTC'
})

test('sums keep every digit and weigh the latency by requests', () => {
  const sums = sumUp([point('a', 1), point('b', 3, { averageLatencyMs: 300 })])
  expect(sums).toEqual({
    requests: 4,
    errors: 2,
    tokens: '18014398509481988',
    costMicros: '10',
    unpriced: 4,
    averageLatencyMs: 250,
  })
})

test('the sum of nothing is nothing', () => {
  expect(sumUp([]).averageLatencyMs).toBe(0)
})

test('the rest that the server added up is part of that line', () => {
  const points = [point('t', 9), ...[1, 5].map((requests) => point('t', requests, { group: `m${requests}` }))]
  expect(toTop(points, 1)).toEqual([
    { label: 'm5', group: 'm5', requests: 5 },
    { label: 'All others', group: '', requests: 10 },
  ])
})

test('the busiest come first and the rest is one line', () => {
  const points = [1, 5, 3].map((requests, index) => point('t', requests, { group: `m${index}`, label: `m${index}` }))
  expect(toTop(points, 2)).toEqual([
    { label: 'm1', group: 'm1', requests: 5 },
    { label: 'm2', group: 'm2', requests: 3 },
    { label: '1 more', group: '', requests: 1 },
  ])
})

test('an unknown range is a day', () => {
  expect(readRange('forever').value).toBe('24h')
})

test('chosen groups of one interval become one point, and others are left out', () => {
  const at = '2026-11-23T02:00:00.000Z'
  const points = [
    point(at, 1, { group: '429', averageLatencyMs: 100 }),
    point(at, 3, { group: '500', averageLatencyMs: 300 }),
    point(at, 9, { group: '200' }),
  ]
  expect(mergeGroups(points, (group) => group !== '200')).toMatchObject([
    { requests: 4, errors: 2, averageLatencyMs: 250 },
  ])
})

test('a latency of nothing is a gap, not zero', () => {
  const at = Date.parse('2026-11-23T02:00:00.000Z')
  const points = [{ ...point('2026-11-23T02:00:00.000Z', 1), latencyMs: { p50: 5, p90: 8, p99: 9 } }]
  expect(toValues(points, [at, at + 3_600_000], (one) => one.latencyMs.p90)).toEqual([8, null])
})

test('a range begins at the whole hour before, as sums do', () => {
  const now = Date.parse('2026-11-23T12:53:20.000Z')
  const begins = ['1h', '24h'].map((value) => new Date(startOf(readRange(value), now)).toISOString())
  expect(begins).toEqual(['2026-11-23T11:00:00.000Z', '2026-11-22T12:00:00.000Z'])
})

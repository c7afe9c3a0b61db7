import { expect, test } from 'vitest'
import type { Point } from './documents.ts'
import { readGrouping, toStacks } from './grouping.ts'

const at = Date.parse('2026-11-23T02:00:00.000Z')
const point = (group: string | null, requests: number): Point => ({
  start: new Date(at).toISOString(),
  group,
  label: group,
  requests,
  errors: 0,
  inputTokens: '0',
  outputTokens: '0',
  costMicros: '0',
  unpriced: 2,
  averageLatencyMs: 0,
})

test('the five busiest groups stand alone and the rest is added up', () => {
  const points = [1, 2, 3, 4, 5, 6, 7].map((requests) => point(`g${requests}`, requests))
  const stacks = toStacks(points, [at], (one) => one.requests)
  expect(stacks.map((one) => one.name)).toEqual(['g7', 'g6', 'g5', 'g4', 'g3', '2 more'])
  expect(stacks.at(-1)?.values).toEqual([3])
})

test('what the server added up already joins the rest', () => {
  const stacks = toStacks([point(null, 100), point('a', 3), point('', 2)], [at], (one) => one.requests)
  expect(stacks.map(({ name, values }) => [name, values])).toEqual([
    ['a', [3]],
    ['All', [2]],
    ['All others', [100]],
  ])
})

test('groups with nothing take no colour', () => {
  expect(toStacks([point('a', 0)], [at], (one) => one.requests)).toEqual([])
})

test('an unknown grouping is none', () => {
  expect(readGrouping('planet').groupBy).toBeNull()
})

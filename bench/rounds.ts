import type { LoadResult } from './load.ts'

export type Scenario = {
  readonly name: string
  readonly words: string
  readonly bodyBytes: number
  readonly stream: boolean
  /** Open at once when as much as possible is to go through. */
  readonly connections: number
  /** Requests per second when the delay is measured. */
  readonly rate: number
}

export const scenarios: readonly Scenario[] = [
  { name: 'small', words: '300 B in, 600 B out', bodyBytes: 300, stream: false, connections: 32, rate: 300 },
  { name: '100 kB', words: '100 kB in, 600 B out', bodyBytes: 100_000, stream: false, connections: 16, rate: 100 },
  {
    name: 'stream',
    words: '300 B in, 200 chunks, one per ms',
    bodyBytes: 300,
    stream: true,
    connections: 32,
    rate: 20,
  },
]

/** One target under one load, once. CPU in seconds during the full load: the process alone, and with its children. */
export type Round = {
  readonly target: string
  readonly scenario: string
  readonly full: LoadResult
  readonly paced: LoadResult
  readonly ownCpu: number
  readonly treeCpu: number
  readonly memoryMiB: number
}

export type Spread = { readonly median: number; readonly low: number; readonly high: number }

/** Median, lowest and highest; all NaN for an empty list. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (index: number): number => sorted[index] ?? Number.NaN
  const half = Math.floor(sorted.length / 2)
  const median = sorted.length % 2 === 1 ? at(half) : (at(half - 1) + at(half)) / 2
  return { median, low: at(0), high: at(sorted.length - 1) }
}

import type { LoadResult } from './load.ts'
import type { StreamShape } from './upstream.ts'

export type Scenario = {
  readonly name: string
  readonly words: string
  readonly bodyBytes: number
  /** Null: a plain answer. */
  readonly stream: StreamShape | null
  /** Open at once when as much as possible is to go through. */
  readonly connections: number
  /** Requests per second when the delay is measured; null: it is not. */
  readonly rate: number | null
}

const plain = (name: string, bodyBytes: number, connections: number, rate: number): Scenario => {
  const size = bodyBytes < 1000 ? `${bodyBytes} B` : `${bodyBytes / 1000} kB`
  const words = `${size} in, 600 B out; ${rate}/s, then ${connections} connections`
  return { name, words, bodyBytes, stream: null, connections, rate }
}

export const scenarios: readonly Scenario[] = [
  plain('small', 300, 32, 300),
  plain('100 kB', 100_000, 16, 100),
  {
    name: 'stream',
    words: '300 B in, 200 chunks, one per ms; 20/s, then 32 connections',
    bodyBytes: 300,
    stream: { chunks: 200, everyMs: 1 },
    connections: 32,
    rate: 20,
  },
  {
    name: 'short stream',
    words: '300 B in, 7 chunks, one per ms; 200/s, then 32 connections',
    bodyBytes: 300,
    stream: { chunks: 7, everyMs: 1 },
    connections: 32,
    rate: 200,
  },
  {
    name: 'open streams',
    words: '1,000 at once, each with 50 chunks, 10 per second: 10,000 chunks/s in all',
    bodyBytes: 300,
    stream: { chunks: 50, everyMs: 100 },
    connections: 1000,
    rate: null,
  },
]

/** One target under one load, once. CPU in seconds during the full load: the process alone, and with its children. */
export type Round = {
  readonly target: string
  readonly scenario: string
  readonly full: LoadResult
  /** Null: the delay is not measured under this load. */
  readonly paced: LoadResult | null
  readonly ownCpu: number
  readonly treeCpu: number
  /** The most that was resident during the full load. */
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

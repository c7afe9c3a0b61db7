import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { LoadOptions, LoadResult } from '../../bench/load.ts'
import { spreadOf } from '../../bench/rounds.ts'
import type { GraphqlClient } from '../product/graphql.ts'
import type { View } from './questions.ts'

const loadProgram = fileURLToPath(new URL('../../bench/load.ts', import.meta.url))

async function load(options: LoadOptions): Promise<LoadResult> {
  const child = spawn(process.execPath, [loadProgram, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (bytes: Buffer) => {
    text += bytes.toString('utf8')
  })
  await once(child, 'close')
  const result = JSON.parse(text) as LoadResult
  if (result.failures > 0) throw new Error(`${result.failures} requests to /work failed: ${result.firstFailure}`)
  return result
}

export type Rounds = {
  readonly api: GraphqlClient
  readonly views: readonly View[]
  readonly options: LoadOptions
  readonly rounds: number
  /** Milliseconds between two views; 0: one right after the other. */
  readonly pauseMs: number
}

/** Milliseconds at `/work`, the medians of all rounds, without anybody at the console and with somebody. */
export type Delays = Readonly<Record<'p50' | 'p99', { readonly without: number; readonly during: number }>> & {
  /** Views that were opened meanwhile. */
  readonly opened: number
}

/** Rounds of requests at a fixed rate, every second one while somebody opens page after page of the console. */
export async function compare({ api, views, options, rounds, pauseMs }: Rounds): Promise<Delays> {
  const quiet: LoadResult[] = []
  const busy: LoadResult[] = []
  let opened = 0
  for (let round = 0; round < rounds; round += 1) {
    quiet.push(await load(options))
    let over = false
    const reader = async (): Promise<void> => {
      for (; !over; opened += 1) {
        const { questions } = views[opened % views.length] ?? { questions: [] }
        await Promise.all(questions.map(({ document, variables }) => api.query(document, variables)))
        await wait(pauseMs)
      }
    }
    const reading = reader()
    busy.push(await load(options))
    over = true
    await reading
  }
  const median = (results: readonly LoadResult[], name: 'totalP50' | 'totalP99') =>
    spreadOf(results.map((result) => result[name] ?? Number.NaN)).median
  const both = (name: 'totalP50' | 'totalP99') => ({ without: median(quiet, name), during: median(busy, name) })
  return { p50: both('totalP50'), p99: both('totalP99'), opened }
}

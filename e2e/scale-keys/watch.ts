import { setTimeout as wait } from 'node:timers/promises'
import type { Key } from '../product/world.ts'

/** What the product did while something ran. */
export type Watched<Result> = {
  readonly result: Result
  readonly ms: number
  /** The longest time its event loop stood still. */
  readonly heldMs: number
  /** Of the calls of `/work` that ran beside it. */
  readonly work: { readonly calls: number; readonly failed: number; readonly p99Ms: number }
}

const EVERY_MS = 40

/** The longest hold since it was last asked: reading it begins anew. */
async function readHold(metricsUrl: string): Promise<number> {
  const text = await (await fetch(metricsUrl)).text()
  const [, seconds] = /^nodejs_eventloop_delay_max\S* (\S+)/m.exec(text) ?? []
  if (seconds === undefined) throw new Error('the product does not say how long its event loop was held')
  return Number(seconds) * 1000
}

const quantile = (values: readonly number[], share: number) =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length * share)] ?? 0

async function call(key: Key): Promise<boolean> {
  try {
    const answer = await key.post({ model: 'fake-scale', messages: [{ role: 'user', content: 'a b c' }] })
    await answer.arrayBuffer()
    return answer.status === 200
  } catch {
    return false
  }
}

/** Calls `/work` over and over while `work` runs, and reads from the product how long its event loop was held. */
export async function watch<Result>(
  metricsUrl: string,
  key: Key,
  work: () => Promise<Result>,
): Promise<Watched<Result>> {
  await readHold(metricsUrl)
  const took: number[] = []
  let failed = 0
  const done = new AbortController()
  const calling = (async () => {
    do {
      const begun = performance.now()
      if (!(await call(key))) failed += 1
      took.push(performance.now() - begun)
      await wait(EVERY_MS)
    } while (!done.signal.aborted)
  })()
  const begun = performance.now()
  try {
    const result = await work()
    const ms = performance.now() - begun
    done.abort()
    await calling
    return {
      result,
      ms,
      heldMs: await readHold(metricsUrl),
      work: { calls: took.length, failed, p99Ms: quantile(took, 0.99) },
    }
  } finally {
    done.abort()
  }
}

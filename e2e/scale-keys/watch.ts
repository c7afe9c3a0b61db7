import { setTimeout as wait } from 'node:timers/promises'
import type { Key } from '../product/world.ts'
import type { Bystander } from './bystander.ts'

/** What the product did while something ran. */
export type Watched<Result> = {
  readonly result: Result
  readonly ms: number
  /** The longest time the event loop of the gateway stood still. */
  readonly heldMs: number
  /** What people waited beside it for an answer that costs nothing, at most: so long their process was busy. */
  readonly people: { readonly longestMs: number; readonly failed: number }
  /** The longest time a process with nothing to do stood still meanwhile. */
  readonly idleMs: number
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
  const answer = await key.post({ model: 'fake-scale', messages: [{ role: 'user', content: 'a b c' }] })
  await answer.arrayBuffer()
  return answer.status === 200
}

/** Refused by the process that answers people before it asks anything of the database. */
async function knock(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/metrics`)
  await answer.arrayBuffer()
  return answer.status === 401
}

/** Does it over and over until told to stop. Answers how long each took, and how many failed. */
async function repeat(ask: () => Promise<boolean>, until: AbortSignal) {
  const took: number[] = []
  let failed = 0
  do {
    const begun = performance.now()
    if (!(await ask().catch(() => false))) failed += 1
    took.push(performance.now() - begun)
    await wait(EVERY_MS)
  } while (!until.aborted)
  return { took, failed }
}

type Where = {
  readonly url: string
  readonly metricsUrl: string
  readonly key: Key
  readonly bystander: Bystander
}

/** Calls `/work` over and over while `work` runs, and watches how long each of the two processes is held. */
export async function watch<Result>(
  { url, metricsUrl, key, bystander }: Where,
  work: () => Promise<Result>,
): Promise<Watched<Result>> {
  await readHold(metricsUrl)
  await bystander.readHold()
  const done = new AbortController()
  const calling = repeat(() => call(key), done.signal)
  const knocking = repeat(() => knock(url), done.signal)
  const begun = performance.now()
  try {
    const result = await work()
    const ms = performance.now() - begun
    done.abort()
    const [{ took, failed }, people] = await Promise.all([calling, knocking])
    return {
      result,
      ms,
      heldMs: await readHold(metricsUrl),
      idleMs: await bystander.readHold(),
      people: { longestMs: Math.max(...people.took), failed: people.failed },
      work: { calls: took.length, failed, p99Ms: quantile(took, 0.99) },
    }
  } finally {
    done.abort()
  }
}

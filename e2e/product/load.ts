import { setTimeout as wait } from 'node:timers/promises'
import type { Key } from './world.ts'

/** What the caller of one request saw. `model` is unique, so that the ledger and the usage entries can be joined. */
export type Seen = {
  readonly model: string
  readonly streamed: boolean
  /** `answered`: to the last byte. `cut`: the connection broke somewhere. `refused`: the gateway said no. */
  readonly outcome: 'answered' | 'cut' | 'refused'
  readonly requestId: string
  readonly outputTokens: number
}

export type Load = { readonly stop: () => Promise<readonly Seen[]> }

const plainChunks = 5
const streamChunks = 12

async function one(key: Key, model: string, streamed: boolean): Promise<Seen> {
  const outputTokens = streamed ? streamChunks : plainChunks
  const fake = streamed ? `chunks=${streamChunks} delay=4` : `chunks=${plainChunks} latency=15`
  const body = { model, stream: streamed, messages: [{ role: 'user', content: 'a b c' }], metadata: { fake } }
  const seen = { model, streamed, outputTokens }
  try {
    const response = await key.post(body)
    const text = await response.text()
    const requestId = response.headers.get('x-request-id') ?? ''
    if (response.status !== 200) return { ...seen, outcome: 'refused', requestId }
    const whole = streamed ? text.endsWith('data: [DONE]\n\n') : text.endsWith('}')
    return { ...seen, outcome: whole ? 'answered' : 'cut', requestId }
  } catch {
    return { ...seen, outcome: 'cut', requestId: '' }
  }
}

/** Keeps `workers` requests under way, every second one a stream, until it is stopped. */
export function startLoad(key: Key, label: string, workers: number): Load {
  const seen: Seen[] = []
  let running = true
  let number = 0
  const work = async (): Promise<void> => {
    while (running) {
      number += 1
      const result = await one(key, `fake-${label}-${number}`, number % 2 === 0)
      seen.push(result)
      // A server that is gone refuses at once; without a pause the loop would hold the processor.
      if (result.outcome !== 'answered') await wait(20)
    }
  }
  const working = Array.from({ length: workers }, work)
  return {
    stop: async () => {
      running = false
      await Promise.all(working)
      return seen
    },
  }
}

import type { Question, Questions, ToControl, ToGateway } from './words.ts'

export const tellGateway = (word: ToGateway): void => void process.send?.(word)

/**
 * Asks the gateway's process; rejects when that fails there. What is not answered any more is not missed: this process
 * ends with that one.
 */
export type GatewayLink = {
  applied(seq: bigint): Promise<Questions['applied']['answer']>
  metrics(): Promise<Questions['metrics']['answer']>
  breakerState(providerId: string): Promise<Questions['breakerState']['answer']>
}

export function createGatewayLink(): GatewayLink {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let asked = 0
  process.on('message', (word: ToControl) => {
    if (word.kind !== 'answer' && word.kind !== 'failed') return
    const answer = waiting.get(word.id)
    waiting.delete(word.id)
    if (word.kind === 'answer') answer?.resolve(word.value)
    else answer?.reject(new Error('the gateway could not answer'))
  })
  async function ask<Answer>(question: Question): Promise<Answer> {
    const id = ++asked
    const answer = Promise.withResolvers<unknown>()
    waiting.set(id, answer)
    tellGateway({ kind: 'ask', id, question })
    // Both ends are built from one `Questions`.
    return (await answer.promise) as Answer
  }
  return {
    applied: (seq) => ask({ name: 'applied', about: seq }),
    metrics: () => ask({ name: 'metrics', about: null }),
    breakerState: (providerId) => ask({ name: 'breakerState', about: providerId }),
  }
}

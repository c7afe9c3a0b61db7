import type { Question, Questions, ToControl, ToGateway } from './words.ts'

export const tellGateway = (word: ToGateway): void => void process.send?.(word)

/** Asks the gateway's process. What is not answered any more is not missed: this process ends with that one. */
export type GatewayLink = {
  applied(seq: bigint): Promise<Questions['applied']['answer']>
  metrics(): Promise<Questions['metrics']['answer']>
  breakerState(providerId: string): Promise<Questions['breakerState']['answer']>
}

export function createGatewayLink(): GatewayLink {
  const waiting = new Map<number, (value: unknown) => void>()
  let asked = 0
  process.on('message', (word: ToControl) => {
    if (word.kind !== 'answer') return
    waiting.get(word.id)?.(word.value)
    waiting.delete(word.id)
  })
  const ask = <Answer>(question: Question): Promise<Answer> =>
    new Promise((resolve) => {
      const id = ++asked
      // Both ends are built from one `Questions`.
      waiting.set(id, (value) => resolve(value as Answer))
      tellGateway({ kind: 'ask', id, question })
    })
  return {
    applied: (seq) => ask({ name: 'applied', about: seq }),
    metrics: () => ask({ name: 'metrics', about: null }),
    breakerState: (providerId) => ask({ name: 'breakerState', about: providerId }),
  }
}

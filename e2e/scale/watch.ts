import { spreadOf } from '../../bench/rounds.ts'
import type { GraphqlClient } from '../product/graphql.ts'
import type { Question, View } from './questions.ts'

/** How long one question, or all of a view at once, took: milliseconds. */
export type Timing = { readonly name: string; readonly median: number; readonly worst: number }

/** How long the event loop of the product was held at most since the last look, in milliseconds. */
export type LoopWatch = () => Promise<number>

export function watchLoop(url: string, token: string): LoopWatch {
  return async () => {
    const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })
    const seconds = /^nodejs_eventloop_delay_max(?:_seconds)? (\S+)/m.exec(await response.text())?.[1]
    if (seconds === undefined)
      throw new Error(`/metrics (${response.status}) does not tell the delay of the event loop`)
    return Number(seconds) * 1000
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

const toTiming = (name: string, runs: readonly number[]): Timing => {
  const { median, high } = spreadOf(runs)
  return { name, median, worst: high }
}

/** Each question of a view alone, then all at once as the console asks them. */
export async function timeView(
  api: GraphqlClient,
  { name, questions }: View,
  runs: number,
): Promise<readonly Timing[]> {
  const one = ({ document, variables }: Question) => timed(() => api.query(document, variables))
  const alone = questions.map((): number[] => [])
  const together: number[] = []
  for (let run = 0; run < runs; run += 1) {
    for (const [place, question] of questions.entries()) alone[place]?.push(await one(question))
    together.push(await timed(() => Promise.all(questions.map(one))))
  }
  return [
    ...questions.map((question, place) => toTiming(`${name}: ${question.name}`, alone[place] ?? [])),
    toTiming(`${name}: all at once`, together),
  ]
}

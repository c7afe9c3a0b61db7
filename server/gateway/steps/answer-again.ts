import type { Pipeline } from '../pipeline.ts'
import type { Plan } from '../plan.ts'
import { Prompt } from '../prompt.ts'
import type { KeptAnswer } from '../response-cache.ts'
import { beginEntry } from './begin-entry.ts'
import { type Intended, toIntent } from './intent.ts'
import { headersOf, lease } from './lease.ts'

type Asked = Pick<Plan, 'call' | 'route' | 'secret' | 'target' | 'ask'>

/** Gives an answer that was kept. It counts and is recorded like any other request, and takes no tokens and no money. */
export async function answerAgain(gateway: Pipeline, asked: Asked, kept: KeptAnswer): Promise<void> {
  const { call, route, ask } = asked
  const prompt = new Prompt(ask, route.endpoint, { input: 0, output: 0, answers: 1 })
  using held = await lease(gateway, { ...asked, candidates: [], prompt })
  const plan = { ...asked, prompt, held, turn: null }
  const intent = toIntent(gateway, plan)
  const segment = await beginEntry(gateway, intent)
  const latencyMs = call.time.totalMs
  const overheadUs = call.time.ownUs
  await new Promise<void>((recorded) =>
    gateway.journal.endSoon(
      {
        ...intent,
        modelAnswered: kept.model,
        status: 200,
        code: null,
        end: 'COMPLETE',
        inputTokens: 0,
        outputTokens: 0,
        cachedTokens: 0,
        savedTokens: kept.tokens,
        costMicros: 0,
        latencyMs,
        firstTokenMs: latencyMs,
        overheadUs,
        responseBytes: kept.body.length,
        refusedByType: null,
        refusedById: null,
        attempts: 0,
        charges: held.settle({ tokens: 0, costMicros: 0 }),
      },
      segment,
      recorded,
    ),
  )
  const synced = gateway.journal.synced()
  if (synced) await synced
  send(gateway, plan, kept, overheadUs)
}

function send(gateway: Pipeline, plan: Intended, { headers, body }: KeptAnswer, overheadUs: number) {
  const { res, id } = plan.call
  if (res.destroyed) return
  const own = ['x-request-id', id, 'x-aic-overhead-us', String(overheadUs), 'x-aic-cache', 'hit']
  res.writeHead(200, [...headers, ...headersOf(gateway, plan), ...own, 'content-length', String(body.length)])
  res.end(body)
}

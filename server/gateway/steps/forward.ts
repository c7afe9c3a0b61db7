import type { Dispatcher } from 'undici'
import type { Segment } from '../../usage/segment.ts'
import { JournalFailure } from '../../usage/together.ts'
import type { UsageEnd, UsageIntent } from '../../usage/usage-entry.ts'
import { Answer } from '../answer.ts'
import { toProvider } from '../headers.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Plan } from '../plan.ts'
import type { Presence } from '../presence.ts'
import { Refusal } from '../refusal.ts'
import type { Tokens } from '../tokens.ts'
import type { Upstream } from '../upstream.ts'
import { refusalFor, wasNotSent } from '../upstream-failure.ts'
import { type Used, usedBy } from '../used.ts'
import { pathOf } from './choose.ts'
import { toIntent } from './intent.ts'
import { limitHeaders } from './lease.ts'

/**
 * Asks the provider and passes its answer on. The request is in the journal before the provider hears of it, and its
 * end before the caller gets the last byte. Throws a `Refusal` only while the caller has not got a byte.
 */
export async function forward(gateway: Pipeline, plan: Plan, presence: Presence): Promise<void> {
  const intent = toIntent(gateway, plan)
  const segment = await begin(gateway, intent)
  const synced = gateway.journal.synced()
  if (synced) await synced
  await new Relay(gateway, plan, intent, segment).run(presence)
}

const UNUSED: Used = { tokens: null, estimated: false }

function begin({ journal }: Pipeline, intent: UsageIntent): Promise<Segment> {
  return new Promise((resolve, reject) =>
    journal.beginSoon(intent, (begun) =>
      begun instanceof JournalFailure ? reject(new Refusal('accounting_unavailable')) : resolve(begun),
    ),
  )
}

type Controller = Dispatcher.DispatchController
type Headers = Readonly<Record<string, string | string[] | undefined>>

const sumOf = (tokens: Tokens | null) =>
  tokens && (tokens.input !== null || tokens.output !== null) ? (tokens.input ?? 0) + (tokens.output ?? 0) : null

const GONE = new Error('nobody waits for this answer')

/** One request under way: undici's events on one side, the caller's on the other. It ends exactly once. */
class Relay implements Dispatcher.DispatchHandler {
  readonly #gateway: Pipeline
  readonly #plan: Plan
  readonly #intent: UsageIntent
  readonly #segment: Segment
  #answer: Answer | null = null
  #controller: Controller | null = null
  #over = false
  #retried = false
  #resolve: () => void = () => undefined
  #reject: (error: Error) => void = () => undefined
  /** Our own time before the provider was asked (ms). */
  #beforeMs = 0

  constructor(gateway: Pipeline, plan: Plan, intent: UsageIntent, segment: Segment) {
    this.#gateway = gateway
    this.#plan = plan
    this.#intent = intent
    this.#segment = segment
  }

  run(presence: Presence): Promise<void> {
    const { call, upstream, waitedMs } = this.#plan
    const now = performance.now()
    this.#beforeMs = now - call.arrivedAt - waitedMs
    presence.deadlineAt = now + upstream.totalTimeoutMs
    presence.deadlineCode = 'upstream_timeout'
    presence.onLeft = () => this.#leave()
    presence.onCut = (refusal) => this.#cut(refusal)
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      if (presence.left) this.#leave()
      else this.#dispatch(upstream)
    })
  }

  #dispatch(upstream: Upstream): void {
    const { call, route, ask } = this.#plan
    try {
      upstream.pool.dispatch(
        {
          method: 'POST',
          path: pathOf(upstream, route, ask.model),
          headers: toProvider(call.req.headers, upstream.credential ?? []),
          body: ask.body,
          headersTimeout: upstream.firstByteTimeoutMs,
          bodyTimeout: upstream.idleTimeoutMs,
        },
        this,
      )
    } catch (error) {
      this.onResponseError(null, error instanceof Error ? error : new Error(String(error)))
    }
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller
    // The caller left while the connection was being made: nothing has been sent, nothing will be.
    if (this.#over) controller.abort(GONE)
  }

  onResponseStart(controller: Controller, status: number, headers: Headers): void {
    // Informational answers announce the real one.
    if (this.#over || status < 200) return
    if (status < 400 && status >= 300) return this.#cut(new Refusal('upstream_invalid_response'))
    // A caller's 401 means its own key; the provider's means ours.
    if (status === 401 || status === 403 || status === 407) return this.#cut(new Refusal('upstream_auth'))
    this.#answer = new Answer(this.#plan, controller, this.#beforeMs, status, headers, () => this.#limitHeaders())
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    if (!this.#over) this.#answer?.take(chunk)
  }

  onResponseEnd(): void {
    const answer = this.#answer
    if (this.#over || !answer) return
    answer.finish()
    const failed = answer.status >= 500 || answer.providerFailed
    const code = answer.status >= 400 || answer.providerFailed ? 'provider_error' : null
    this.#end(failed ? 'UPSTREAM_FAILED' : 'COMPLETE', answer.status, code, () => {
      const synced = this.#gateway.journal.synced()
      if (synced) void synced.then(() => this.#send(answer))
      else this.#send(answer)
    })
  }

  #send(answer: Answer): void {
    try {
      answer.send()
    } catch (error) {
      // It is recorded and over; undici would keep an error to itself, and the caller would wait for ever.
      this.#gateway.log.error({ err: error, requestId: this.#intent.id }, 'an answer could not be sent')
      this.#plan.call.res.destroy()
    }
    this.#resolve()
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    if (this.#over) return
    // A kept-alive connection may be closed by the other side just when it is used; what never left can be sent again.
    if (!this.#retried && this.#answer === null && wasNotSent(error)) {
      this.#retried = true
      const { upstream } = this.#plan
      return this.#dispatch(this.#gateway.directory.upstream(upstream.id) ?? upstream)
    }
    this.#gateway.log.debug({ err: error, requestId: this.#intent.id }, 'a provider failed')
    this.#cut(refusalFor(error, this.#answer !== null))
  }

  #limitHeaders(): readonly string[] {
    const { leases, clock } = this.#gateway
    return this.#plan.held.isEmpty ? [] : limitHeaders(leases, clock.now().getTime(), this.#plan)
  }

  /** The caller went away. */
  #leave(): void {
    if (this.#over) return
    this.#answer?.finish()
    this.#end('CLIENT_LEFT', this.#answer?.headSent ? this.#answer.status : 0, null, this.#resolve)
    this.#controller?.abort(GONE)
  }

  /** It ends here, by our decision or the provider's failure. */
  #cut(refusal: Refusal): void {
    if (this.#over) return
    const answer = this.#answer
    const end = refusal.type === 'upstream_error' ? 'UPSTREAM_FAILED' : 'INTERRUPTED'
    answer?.finish()
    this.#end(end, answer?.headSent ? answer.status : refusal.status, refusal.code, () => {
      if (!answer?.headSent) return this.#reject(refusal)
      answer.breakOff(refusal)
      this.#resolve()
    })
    this.#controller?.abort(GONE)
  }

  /** `recorded` is called once the entry is written. */
  #end(end: UsageEnd, status: number, code: string | null, recorded: () => void): void {
    this.#over = true
    const answer = this.#answer
    // What never reached a provider, or was never answered by one, used nothing.
    const isUsed = answer !== null || (this.#controller !== null && end !== 'UPSTREAM_FAILED')
    const { tokens, estimated } = isUsed ? usedBy(this.#plan, answer) : UNUSED
    const costMicros = tokens ? this.#costOf(answer?.model ?? null, tokens) : null
    const now = performance.now()
    this.#gateway.journal.endSoon(
      {
        ...this.#intent,
        modelAnswered: answer?.model ?? null,
        status,
        code,
        end,
        inputTokens: tokens?.input ?? null,
        outputTokens: tokens?.output ?? null,
        cachedTokens: tokens?.cached ?? null,
        tokensEstimated: estimated,
        costMicros,
        latencyMs: Math.round(now - this.#plan.call.arrivedAt),
        firstTokenMs: answer?.firstTokenMs ?? null,
        overheadUs: answer?.overheadUs ?? Math.round(this.#beforeMs * 1000),
        responseBytes: answer?.bytes ?? 0,
        refusedByType: null,
        refusedById: null,
        charges: this.#plan.held.settle({ tokens: sumOf(tokens), costMicros }),
      },
      this.#segment,
      recorded,
    )
  }

  /** By the model that was asked for, or where that has no price, the one that answered. */
  #costOf(answered: string | null, tokens: Tokens): number | null {
    const { call, upstream, ask } = this.#plan
    const cost = (model: string) => this.#gateway.leases.costOf(upstream.id, model, call.startedAt, tokens)
    return cost(ask.model) ?? (answered === null ? null : cost(answered))
  }
}

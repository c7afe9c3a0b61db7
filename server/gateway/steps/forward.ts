import type { Dispatcher } from 'undici'
import type { Segment } from '../../usage/segment.ts'
import type { UsageEnd, UsageEntry, UsageIntent } from '../../usage/usage-entry.ts'
import { Answer } from '../answer.ts'
import { type AnswerHeaders, Attempt, type Listener } from '../attempt.ts'
import { toProvider } from '../headers.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Plan } from '../plan.ts'
import type { Presence } from '../presence.ts'
import { Refusal } from '../refusal.ts'
import type { Upstream } from '../upstream.ts'
import { refusalFor, wasNotSent } from '../upstream-failure.ts'
import { beginEntry } from './begin-entry.ts'
import { pathOf } from './choose.ts'
import { toIntent } from './intent.ts'
import { limitHeaders } from './lease.ts'
import { settle } from './settle.ts'

/**
 * Asks the provider and passes its answer on. The request is in the journal before the provider hears of it, and its
 * end before the caller gets the last byte. Throws a `Refusal` only while the caller has not got a byte.
 */
export async function forward(gateway: Pipeline, plan: Plan, presence: Presence): Promise<void> {
  const intent = toIntent(gateway, plan)
  const segment = await beginEntry(gateway, intent)
  await new Relay(gateway, plan, intent, segment).run(presence)
}

const toOutcome = ({ modelAnswered, inputTokens, outputTokens }: UsageEntry) => ({
  model: modelAnswered,
  tokens: (inputTokens ?? 0) + (outputTokens ?? 0),
})

/** One request under way: providers on one side, the caller on the other. It ends exactly once. */
class Relay implements Listener {
  readonly #gateway: Pipeline
  readonly #plan: Plan
  readonly #intent: UsageIntent
  readonly #segment: Segment
  #attempt: Attempt
  #answer: Answer | null = null
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
    this.#attempt = new Attempt(plan.turn, this)
  }

  run(presence: Presence): Promise<void> {
    const { call, upstream, turn, waitedMs } = this.#plan
    const now = performance.now()
    this.#beforeMs = now - call.arrivedAt - waitedMs
    presence.deadlineAt = now + upstream.totalTimeoutMs
    presence.deadlineCode = 'upstream_timeout'
    presence.onLeft = () => this.#leave()
    presence.onCut = (refusal) => this.#stop(refusal)
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      if (presence.left) return this.#leave()
      turn.upstream.retries.asked()
      this.#ask(turn.upstream)
    })
  }

  #ask(upstream: Upstream): void {
    const { call, route, ask } = this.#plan
    this.#attempt.ask(upstream, {
      method: 'POST',
      path: pathOf(upstream, route, ask.model),
      headers: toProvider(call.req.headers, upstream.credential ?? []),
      body: ask.body,
      headersTimeout: upstream.firstByteTimeoutMs,
      bodyTimeout: upstream.idleTimeoutMs,
    })
  }

  head(status: number, headers: AnswerHeaders, controller: Dispatcher.DispatchController): void {
    if (status < 400 && status >= 300) return this.#cut(new Refusal('upstream_invalid_response'))
    // A caller's 401 means its own key; the provider's means ours.
    if (status === 401 || status === 403 || status === 407) return this.#cut(new Refusal('upstream_auth'))
    this.#answer = new Answer(this.#plan, controller, this.#beforeMs, status, headers, () => this.#limitHeaders())
  }

  data(chunk: Buffer): void {
    this.#answer?.take(chunk)
  }

  whole(): void {
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

  failed(error: Error): void {
    if (this.#over) return
    if (this.#answer === null && wasNotSent(error) && this.#askAgain()) return
    this.#gateway.log.debug({ err: error, requestId: this.#intent.id }, 'a provider failed')
    this.#cut(refusalFor(error, this.#answer !== null))
  }

  /**
   * A kept-alive connection may be closed by the other side just when it is used; what never left can be sent again,
   * once, and not so often that a provider in trouble gets still more to do.
   */
  #askAgain(): boolean {
    const { turn } = this.#plan
    if (this.#retried || !turn.upstream.retries.take()) return false
    this.#retried = true
    this.#attempt = new Attempt(turn, this)
    // Its settings may have changed, and its connections with them.
    this.#ask(this.#gateway.directory.upstream(turn.upstream.id) ?? turn.upstream)
    return true
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
    this.#attempt.abandon()
  }

  /** Its time is up, or its key's, or this process's. */
  #stop(refusal: Refusal): void {
    if (this.#answer === null && refusal.code === 'upstream_timeout') this.#attempt.turn.failed()
    this.#cut(refusal)
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
    this.#attempt.abandon()
  }

  /** `recorded` is called once the entry is written. */
  #end(end: UsageEnd, status: number, code: string | null, recorded: () => void): void {
    this.#over = true
    const { turn, ask } = this.#plan
    const entry = settle(this.#gateway, this.#plan, this.#intent, {
      end,
      status,
      code,
      answer: this.#answer,
      sent: this.#attempt.sent,
      upstream: turn.upstream,
      model: ask.model,
      beforeMs: this.#beforeMs,
    })
    if (end === 'COMPLETE' && status === 200) this.#plan.keeping?.complete(toOutcome(entry))
    this.#gateway.journal.endSoon(entry, this.#segment, recorded)
  }
}

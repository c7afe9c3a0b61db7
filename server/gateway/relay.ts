import type { Dispatcher } from 'undici'
import type { Segment } from '../usage/segment.ts'
import type { UsageEnd, UsageIntent } from '../usage/usage-entry.ts'
import { Answer } from './answer.ts'
import { type AnswerHeaders, Attempt, type Listener } from './attempt.ts'
import { toProvider } from './headers.ts'
import { isPassedOver, PassedOver } from './passed-over.ts'
import type { Pipeline } from './pipeline.ts'
import type { Plan } from './plan.ts'
import type { Presence } from './presence.ts'
import { Refusal } from './refusal.ts'
import { withModel } from './rename.ts'
import { pathOf } from './steps/choose.ts'
import { headersOf } from './steps/lease.ts'
import { settle } from './steps/settle.ts'
import { takeNextTurn } from './steps/take-turn.ts'
import type { Candidate, Upstream } from './target.ts'
import type { Turn } from './turn.ts'
import { refusalFor, wasNotSent } from './upstream-failure.ts'

/**
 * One request under way: providers on one side, the caller on the other. It ends exactly once. Until a provider's answer
 * is the caller's, another member of the pool may be asked; never afterwards.
 */
export class Relay implements Listener, Disposable {
  readonly #gateway: Pipeline
  readonly #plan: Plan
  readonly #intent: UsageIntent
  readonly #segment: Segment
  #turn: Turn
  #attempt: Attempt
  #attempts = 0
  readonly #asked = new Set<Candidate>()
  #passedOver: PassedOver | null = null
  #answer: Answer | null = null
  #over = false
  #retried = false
  #resolve: () => void = () => undefined
  #reject: (error: Error) => void = () => undefined

  constructor(gateway: Pipeline, plan: Plan, intent: UsageIntent, segment: Segment) {
    this.#gateway = gateway
    this.#plan = plan
    this.#intent = intent
    this.#segment = segment
    this.#turn = plan.turn
    this.#attempt = new Attempt(plan.turn, this)
  }

  run(presence: Presence): Promise<void> {
    const { call, target } = this.#plan
    const now = performance.now()
    call.time.waits(now)
    presence.deadlineAt = now + target.totalTimeoutMs
    presence.deadlineCode = 'upstream_timeout'
    presence.onLeft = () => this.#leave()
    presence.onCut = (refusal) => this.#stop(refusal)
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      if (presence.left) this.#leave()
      else this.#begin()
    })
  }

  /** Gives back the turn, whoever's it is by now. */
  [Symbol.dispose](): void {
    this.#turn[Symbol.dispose]()
  }

  /** Asks whose turn it is. */
  #begin(): void {
    this.#asked.add(this.#turn.candidate)
    this.#turn.upstream.retries.asked()
    this.#ask(this.#turn.upstream)
  }

  #ask(upstream: Upstream): void {
    const { call, route, ask } = this.#plan
    const { model } = this.#turn.candidate
    this.#attempts++
    this.#attempt.ask(upstream, {
      method: 'POST',
      path: pathOf(upstream, route, model ?? ask.model),
      headers: toProvider(call.req.headers, upstream.credential ?? []),
      body: model === null ? ask.body : withModel(ask, model),
      headersTimeout: upstream.firstByteTimeoutMs,
      bodyTimeout: upstream.idleTimeoutMs,
    })
  }

  head(status: number, headers: AnswerHeaders, controller: Dispatcher.DispatchController): void {
    // Where nobody else can be asked, keeping requests away would only hide what a provider answers from its callers.
    if (status >= 500 && this.#hasOthers) this.#turn.failed()
    else this.#turn.succeeded()
    if (status < 400 && status >= 300) return this.#cut(new Refusal('upstream_invalid_response'))
    // A caller's 401 means its own key; the provider's means ours.
    if (status === 401 || status === 403 || status === 407) {
      const refusal = new Refusal('upstream_auth')
      return this.#hasOthers ? void this.#askOther(() => this.#cut(refusal)) : this.#cut(refusal)
    }
    if (isPassedOver(status) && this.#hasOthers) this.#passedOver = new PassedOver(status, headers, controller)
    else this.#take(status, headers, controller)
  }

  /** From here on the answer is the caller's. */
  #take(status: number, headers: AnswerHeaders, controller: Dispatcher.DispatchController): void {
    this.#answer = new Answer(this.#plan, controller, status, headers, () => headersOf(this.#gateway, this.#plan))
  }

  data(chunk: Buffer): void {
    if (this.#passedOver === null) this.#answer?.take(chunk)
    else if (!this.#passedOver.take(chunk)) this.#passOn(this.#passedOver)
  }

  get isWhole(): boolean {
    return this.#answer?.saidEnd === true
  }

  whole(): void {
    const passedOver = this.#passedOver
    if (passedOver !== null) {
      return void this.#askOther(() => {
        this.#passOn(passedOver)
        this.whole()
      })
    }
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

  #passOn({ status, headers, controller, chunks }: PassedOver): void {
    this.#passedOver = null
    this.#take(status, headers, controller)
    for (const chunk of chunks) this.#answer?.take(chunk)
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
    const notSent = !this.#attempt.sent || wasNotSent(error)
    if (this.#answer === null && wasNotSent(error) && this.#askAgain()) return
    this.#gateway.log.debug({ err: error, requestId: this.#intent.id }, 'a provider failed')
    const refusal = refusalFor(error, this.#answer !== null)
    const mayRepeat = notSent || this.#passedOver !== null || this.#plan.target.repeatsUnanswered
    if (this.#answer === null && mayRepeat && this.#hasOthers) void this.#askOther(() => this.#cut(refusal))
    else this.#cut(refusal)
  }

  /**
   * A kept-alive connection may be closed by the other side just when it is used; what never left can be sent again,
   * once, and not so often that a provider in trouble gets still more to do.
   */
  #askAgain(): boolean {
    const { upstream } = this.#turn
    if (this.#retried || !upstream.retries.take()) return false
    this.#retried = true
    this.#attempt = new Attempt(this.#turn, this)
    // Its settings may have changed, and its connections with them.
    this.#ask(this.#gateway.directory.upstream(upstream.id) ?? upstream)
    return true
  }

  get #hasOthers(): boolean {
    return this.#plan.candidates.length > this.#asked.size
  }

  /** Asks another member of the pool; `otherwise` when none can be asked. */
  async #askOther(otherwise: () => void): Promise<void> {
    this.#attempt.abandon()
    try {
      const turn = await takeNextTurn(this.#gateway, this.#plan, this.#asked)
      if (this.#over) return turn?.[Symbol.dispose]()
      if (turn === null) return otherwise()
      this.#passedOver = null
      this.#turn[Symbol.dispose]()
      this.#turn = turn
      this.#attempt = new Attempt(turn, this)
      this.#begin()
    } catch (error) {
      this.#gateway.log.error({ err: error, requestId: this.#intent.id }, 'another member could not be asked')
      this.#cut(new Refusal('internal_error'))
    }
  }

  /** The caller went away; some do as soon as they have read that the stream ends here. */
  #leave(): void {
    if (this.#over) return
    if (this.isWhole) this.whole()
    else {
      this.#answer?.finish()
      this.#end('CLIENT_LEFT', this.#answer?.headSent ? this.#answer.status : 0, null, this.#resolve)
    }
    this.#attempt.abandon()
  }

  /** Its time is up, or its key's, or this process's. */
  #stop(refusal: Refusal): void {
    if (this.#answer === null && refusal.code === 'upstream_timeout') this.#turn.failed()
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
    const entry = settle(this.#gateway, this.#plan, this.#intent, {
      end,
      status,
      code,
      answer: this.#answer,
      sent: this.#attempt.sent,
      turn: this.#turn,
      attempts: this.#attempts,
    })
    this.#gateway.journal.endSoon(entry, this.#segment, recorded)
  }
}

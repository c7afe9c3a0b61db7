// The process that answers people is kept apart from the one that serves `/work`. It is one file of this program, forked by
// its constant path: no shell, no argument, nothing that anybody sent. It has our environment, being half of the program.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { answerHttpError, HTTP_ERRORS } from '../lib/http-error.ts'
import type { GatewayParts } from '../lib/parts.ts'
import { forward } from './proxy.ts'
import type { Beginning, Question, ToControl, ToGateway } from './words.ts'

/**
 * The process beside the gateway's that answers people: GraphQL, exports, reports of leaks, and jobs. Whatever they ask
 * for, `/work` never waits for it. When it ends by itself it is started again.
 */
export type ControlProcess = {
  /** Call it once, when the gateway's port is known. */
  begin(beginning: Beginning): void
  /** Resolves when it answers for the first time, with the token to set up with; null: that has happened. */
  readonly ready: Promise<string | null>
  /** Hands a request over, at the latest when the process is there; one that does not come is 503. Never throws. */
  handle(req: IncomingMessage, res: ServerResponse): void
  /** Ends what would go on for ever. */
  drain(): void
  /** Resolves when it has ended, with its jobs. */
  stop(): Promise<void>
}

const PROGRAM = fileURLToPath(new URL('main.ts', import.meta.url))
const RESTART_MS = 500
const PATIENCE_MS = 10_000
const STOP_MS = 10_000

type Asked = Extract<ToGateway, { readonly kind: 'ask' }>
type Needs = Pick<GatewayParts, 'log' | 'random' | 'changes' | 'breakers' | 'metrics' | 'addressOf'>

/** Starts it; it loads its program while the gateway reads what it must know. */
export const startControlProcess = (needs: Needs): ControlProcess => new ControlChild(needs)

class ControlChild implements ControlProcess {
  readonly ready: Promise<string | null>
  readonly #needs: Needs
  #child: ChildProcess
  #beginning: Beginning | null = null
  #ended = false
  /** Until it answers; null while it does. */
  #opening: PromiseWithResolvers<string | null> | null

  constructor(needs: Needs) {
    this.#needs = needs
    this.#opening = Promise.withResolvers()
    this.ready = this.#opening.promise
    this.#child = this.#launch()
  }

  begin(beginning: Beginning): void {
    this.#beginning = beginning
    tell(this.#child, { kind: 'begin', beginning })
  }

  handle(req: IncomingMessage, res: ServerResponse): void {
    const { log, random } = this.#needs
    const requestId = random.uuidv7()
    this.#handOver(req, res, requestId).catch((error: unknown) => {
      log.error({ err: error, requestId }, 'a request could not be handed over')
      answerHttpError(req, res, HTTP_ERRORS.internal, requestId)
    })
  }

  drain(): void {
    tell(this.#child, { kind: 'drain' })
  }

  async stop(): Promise<void> {
    this.#ended = true
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    tell(child, { kind: 'end' })
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await exited
    clearTimeout(timer)
  }

  #launch(): ChildProcess {
    const { log } = this.#needs
    const child = fork(PROGRAM, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    child.on('message', (word: ToGateway) => this.#hear(child, word))
    child.on('error', (error) => log.error({ err: error }, 'the control process failed'))
    // After its last word, and of one that could not even be started: `exit` is neither.
    child.on('close', (code, signal) => void this.#startAgain(code, signal))
    return child
  }

  #hear(child: ChildProcess, word: ToGateway): void {
    if (word.kind === 'ask') {
      // The next process counts its questions from the beginning: the answer is for the one that asked.
      void answerTo(this.#needs, word).then((answer) => tell(child, answer))
      return
    }
    this.#opening?.resolve(word.setupToken)
    this.#opening = null
  }

  async #startAgain(code: number | null, signal: string | null): Promise<void> {
    if (this.#ended) return
    this.#needs.log.error({ code, signal }, 'the control process ended; starting it again')
    this.#opening ??= Promise.withResolvers()
    await sleep(RESTART_MS, undefined, { ref: false })
    if (this.#ended) return
    this.#child = this.#launch()
    if (this.#beginning) tell(this.#child, { kind: 'begin', beginning: this.#beginning })
  }

  async #handOver(req: IncomingMessage, res: ServerResponse, requestId: string): Promise<void> {
    if (this.#opening) await Promise.race([this.#opening.promise, sleep(PATIENCE_MS, undefined, { ref: false })])
    if (this.#beginning === null) return answerHttpError(req, res, HTTP_ERRORS.controlAway, requestId)
    const { socketPath } = this.#beginning
    forward({ req, res }, { socketPath, address: this.#needs.addressOf(req), requestId })
  }
}

/** A process that has just ended cannot be told anything; whoever waits for it learns that from its end. */
function tell(child: ChildProcess, word: ToControl): void {
  if (child.connected) child.send(word, () => undefined)
}

/** Never rejects: what people ask for must not end the gateway. */
async function answerTo(needs: Needs, { id, question }: Asked): Promise<ToControl> {
  try {
    return { kind: 'answer', id, value: await find(needs, question) }
  } catch (error) {
    needs.log.error({ err: error, question: question.name }, 'a question of the control process failed')
    return { kind: 'failed', id }
  }
}

async function find({ changes, breakers, metrics }: Needs, question: Question): Promise<unknown> {
  if (question.name === 'metrics') return metrics.read()
  if (question.name === 'breakerState') return breakers.of(question.about).state
  return changes.waitFor(question.about)
}

// It forks one program of our own by its constant path: no argument, no shell, nothing that anybody sent.
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
  /** Hands a request over, at the latest when the process is there; one that does not come is 503. */
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

type Needs = Pick<GatewayParts, 'log' | 'random' | 'changes' | 'breakers' | 'metrics' | 'addressOf'>

/** Starts it; it loads its program while the gateway reads what it must know. */
export function startControlProcess(needs: Needs): ControlProcess {
  const { log, random, addressOf } = needs
  let beginning: Beginning | null = null
  let ended = false
  let ready = Promise.withResolvers<string | null>()
  const { promise: firstReady } = ready
  let child = launch()

  function launch(): ChildProcess {
    const launched = fork(PROGRAM, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    launched.on('message', (word: ToGateway) => {
      if (word.kind === 'ready') ready.resolve(word.setupToken)
      else void answerOf(needs, word.question).then((value) => tell({ kind: 'answer', id: word.id, value }))
    })
    launched.on('error', (error) => log.error({ err: error }, 'the control process failed'))
    launched.on('exit', (code, signal) => void startAgain(code, signal))
    return launched
  }

  async function startAgain(code: number | null, signal: string | null) {
    if (ended) return
    log.error({ code, signal }, 'the control process ended; starting it again')
    ready = Promise.withResolvers()
    await sleep(RESTART_MS, undefined, { ref: false })
    if (ended) return
    child = launch()
    if (beginning) tell({ kind: 'begin', beginning })
  }

  // A process that has just ended cannot be told anything; whoever waits for it learns that from its end.
  const tell = (word: ToControl) => void (child.connected && child.send(word, () => undefined))

  return {
    ready: firstReady,
    begin(first) {
      beginning = first
      tell({ kind: 'begin', beginning })
    },
    async handle(req, res) {
      const requestId = random.uuidv7()
      await Promise.race([ready.promise, sleep(PATIENCE_MS, undefined, { ref: false })])
      if (beginning === null) return answerHttpError(req, res, HTTP_ERRORS.controlAway, requestId)
      forward({ req, res }, { socketPath: beginning.socketPath, address: addressOf(req), requestId })
    },
    drain: () => tell({ kind: 'drain' }),
    async stop() {
      ended = true
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      tell({ kind: 'end' })
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      await exited
      clearTimeout(timer)
    },
  }
}

async function answerOf({ changes, breakers, metrics }: Needs, question: Question): Promise<unknown> {
  if (question.name === 'metrics') return metrics.read()
  if (question.name === 'breakerState') return breakers.of(question.about).state
  await changes.waitFor(question.about)
  return null
}

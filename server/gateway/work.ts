import { readAsk } from './ask.ts'
import { readFormAsk } from './ask-form.ts'
import type { Call } from './call.ts'
import type { SecretRow } from './directory.store.ts'
import { KeepingAnswer } from './keeping-answer.ts'
import { refuseSecret } from './key-status.ts'
import type { Pipeline } from './pipeline.ts'
import type { Plan } from './plan.ts'
import type { Presence } from './presence.ts'
import { Prompt } from './prompt.ts'
import { Refusal } from './refusal.ts'
import { type Route, readRoute } from './route.ts'
import { answerAgain } from './steps/answer-again.ts'
import { authenticate } from './steps/authenticate.ts'
import { chooseCandidates, chooseTarget } from './steps/choose.ts'
import { findPlace } from './steps/find-place.ts'
import { forward } from './steps/forward.ts'
import { lease } from './steps/lease.ts'
import { listModels } from './steps/list-models.ts'
import { permitCaller, permitModel } from './steps/permit.ts'
import { readBody } from './steps/read-body.ts'
import { recordRefusal } from './steps/record-refusals.ts'
import { takeFirstTurn } from './steps/take-turn.ts'

/**
 * One `/work` request, from its first header to its usage entry. Each line adds one fact and needs only the facts
 * above it. A "no" is a `Refusal`, thrown where it is noticed and answered by `http.ts`.
 */
export async function work(gateway: Pipeline, call: Call): Promise<void> {
  gateway.admission.welcome()
  const route = readRoute(call.req.method ?? '', call.req.url ?? '')
  const known = authenticate(gateway, call.req)
  const secret = known instanceof Promise ? await known : known
  using presence = gateway.presences.enter(call, secret)
  using room = new DisposableStack()
  let plan: Plan | null
  try {
    plan = await decide(gateway, call, route, secret, presence, room)
  } catch (error) {
    recordRefusal(gateway, call, route, secret, error)
    throw error
  }
  if (plan !== null) await forward(gateway, plan, presence)
}

/**
 * What is to be asked of which provider; null when the request was answered here. What it takes of anything goes into
 * `room`, which is given back when the request is over, however it ends.
 */
async function decide(
  gateway: Pipeline,
  call: Call,
  route: Route,
  secret: SecretRow,
  presence: Presence,
  room: DisposableStack,
): Promise<Plan | null> {
  checkSecret(gateway, secret)
  const target = chooseTarget(gateway, secret, route)
  permitCaller(gateway, call, route, secret)
  if (route.endpoint === 'models') {
    listModels(gateway, call, target, secret, route.modelId)
    return null
  }
  const reading = readBody(gateway, call, route, presence)
  const body = room.use(reading instanceof Promise ? await reading : reading)
  const ask = body.boundary === null ? readAsk(route.endpoint, body.bytes) : readFormAsk(body.bytes, body.boundary)
  const candidates = chooseCandidates(target, ask)
  permitModel(gateway, secret, target, ask)
  const place = findPlace(gateway, call, route, secret, target, ask)
  const kept = place && gateway.responses.find(place)
  if (kept) {
    if (call.time.waitedMs > 1) checkAgain(gateway, secret)
    await answerAgain(gateway, { call, route, secret, target, ask }, kept)
    return null
  }
  room.use(gateway.admission.admit(ask))
  const keeping = place && new KeepingAnswer(call.res, gateway.responses, place)
  const seen = keeping ? { ...call, res: keeping } : call
  const prompt = new Prompt(ask, route.endpoint)
  const asking = { call: seen, route, secret, target, candidates, ask, prompt, keeping }
  const waiting = takeFirstTurn(gateway, asking, presence)
  const turn = room.use(waiting instanceof Promise ? await waiting : waiting)
  const leased = lease(gateway, asking)
  const held = room.use(leased instanceof Promise ? await leased : leased)
  // The body may have taken a while to arrive, and so may the turn and the lease.
  if (call.time.waitedMs > 1 || waiting instanceof Promise || leased instanceof Promise) checkAgain(gateway, secret)
  return { ...asking, turn, held }
}

/** As the directory knows it now. */
function checkAgain(gateway: Pipeline, secret: SecretRow): void {
  checkSecret(gateway, gateway.directory.peek(secret.publicId) ?? secret)
}

function checkSecret({ directory, clock }: Pipeline, secret: SecretRow): void {
  const code = refuseSecret(directory, secret, clock.now().getTime())
  if (code !== null) throw new Refusal(code)
}

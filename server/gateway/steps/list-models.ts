import { checkModelName } from '../ask.ts'
import type { Call } from '../call.ts'
import type { SecretRow } from '../directory.store.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Target } from '../target.ts'
import { chooseCandidates } from './choose.ts'
import { permitModel, permittedModels } from './permit.ts'

/** Answers what this key may ask for, in the wire format of its provider. No provider is asked. */
export function listModels(
  gateway: Pipeline,
  { res, id, time }: Call,
  target: Target,
  secret: SecretRow,
  modelId: string | null,
): void {
  const write = target.wireFormat === 'ANTHROPIC' ? anthropic : openai
  if (modelId !== null) checkOne(gateway, target, secret, modelId)
  const models = modelId === null ? permittedModels(gateway, secret, target) : [modelId]
  const written = models.map((model) => write.one(model, target.createdAt))
  const body = JSON.stringify(modelId === null ? write.list(written, models) : written[0])
  res.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-request-id': id,
    'x-aic-overhead-us': time.ownUs,
  })
  res.end(body)
}

/** Refuses a name as it would be refused if it were asked for. */
function checkOne(gateway: Pipeline, target: Target, secret: SecretRow, modelId: string): void {
  const asked = { model: checkModelName(modelId), streamed: false, bytes: 0 }
  chooseCandidates(target, asked)
  permitModel(gateway, secret, target, asked)
}

const openai = {
  one: (id: string, createdAt: number) => ({
    id,
    object: 'model',
    created: Math.floor(createdAt / 1000),
    owned_by: 'provider',
  }),
  list: (data: readonly unknown[], _models: readonly string[]): unknown => ({ object: 'list', data }),
}

const anthropic = {
  one: (id: string, createdAt: number) => ({
    type: 'model',
    id,
    display_name: id,
    created_at: new Date(createdAt).toISOString(),
  }),
  list: (data: readonly unknown[], models: readonly string[]): unknown => ({
    data,
    has_more: false,
    first_id: models[0] ?? null,
    last_id: models.at(-1) ?? null,
  }),
}

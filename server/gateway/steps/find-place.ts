import { createHash } from 'node:crypto'
import { type Caching, joinCaching } from '../../keys/caching.ts'
import type { Ask } from '../ask.ts'
import type { Call } from '../call.ts'
import type { SecretRow } from '../directory.store.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Place } from '../response-cache.ts'
import type { Route } from '../route.ts'
import type { Target } from '../target.ts'

/** Headers of a caller that change what a provider answers. */
const MEANT = [
  'anthropic-version',
  'anthropic-beta',
  'openai-beta',
  'accept',
  'accept-language',
  'content-type',
] as const

/**
 * Where the answer to this request would be kept; null when neither the key nor a rule asks for that. The name covers
 * the whole body and everything else that an answer depends on, and the owner unless a rule shares.
 */
export function findPlace(
  gateway: Pipeline,
  { req }: Call,
  route: Route,
  { key }: SecretRow,
  target: Target,
  ask: Ask,
): Place | null {
  // Where each request has a boundary of its own no two are the same.
  if (ask.fieldBytes !== null) return null
  const { caching } = gateway.directory.decide(key.ownerId, target.id, ask.model)
  if (key.cacheSeconds === null && caching === undefined) return null
  const own: readonly Caching[] = key.cacheSeconds === null ? [] : [{ seconds: key.cacheSeconds, shared: false }]
  const joined = joinCaching([...own, ...(caching ? [caching] : [])])
  if (joined === null) return null
  const hash = createHash('sha256')
  const about = [
    joined.shared ? null : key.ownerId,
    target.id,
    target.version,
    route.endpoint,
    route.query,
    ask.hidesUsage,
    ...MEANT.map((name) => req.headers[name] ?? null),
  ]
  hash.update(JSON.stringify(about)).update('\0').update(ask.body)
  return { name: hash.digest('base64'), ownerId: key.ownerId, seconds: joined.seconds }
}

import { Refusal } from './refusal.ts'

/** What a caller may ask for. The name is what a usage entry calls the endpoint. */
export type Endpoint =
  | 'chat/completions'
  | 'completions'
  | 'embeddings'
  | 'responses'
  | 'messages'
  | 'messages/count_tokens'
  | 'audio/speech'
  | 'audio/transcriptions'
  | 'audio/translations'
  | 'images/generations'
  | 'images/edits'
  | 'images/variations'
  | 'models'

export type Route = {
  readonly endpoint: Endpoint
  /** The model of `/work/models/{id}`. */
  readonly modelId: string | null
  /** What is passed on of the query: empty, or with its question mark. */
  readonly query: string
}

const POSTS = [
  'chat/completions',
  'completions',
  'embeddings',
  'responses',
  'messages',
  'messages/count_tokens',
  'audio/speech',
  'audio/transcriptions',
  'audio/translations',
  'images/generations',
  'images/edits',
  'images/variations',
] as const satisfies readonly Endpoint[]

/** These take a form with files; all others take JSON. */
export const FORMS: ReadonlySet<Endpoint> = new Set([
  'audio/transcriptions',
  'audio/translations',
  'images/edits',
  'images/variations',
])

const endpoints = new Map<string, Endpoint>()
for (const prefix of ['/work', '/work/v1']) {
  for (const path of [prefix, `${prefix}/`]) endpoints.set(path, 'chat/completions')
  for (const endpoint of [...POSTS, 'models'] as const) endpoints.set(`${prefix}/${endpoint}`, endpoint)
}

const ROUTES = new Map(
  [...endpoints].map(([path, endpoint]): [string, Route] => [path, { endpoint, modelId: null, query: '' }]),
)
const MODEL = /^\/work\/(?:v1\/)?models\/([^?]{1,600})$/

// Names under which a credential comes in query strings, and our own keys under any name.
const CREDENTIAL = /(?:^|[?&;])(?:api[-_]?key|x-api-key|key|access[-_]?token|token|auth|authorization)=/i
const OWN_KEY = /aicp?_[0-9A-Za-z]{12}/

/** What is asked for, or a refusal: credentials in the query 400, unknown paths 404, wrong methods 405. */
export function readRoute(method: string, target: string): Route {
  const route = ROUTES.get(target)
  if (route !== undefined) return checkMethod(route, method)
  // A proxy's form of a target names a host of the caller's choice; nothing here follows it.
  if (!target.startsWith('/')) throw new Refusal('bad_request', { message: 'The request target must be a path.' })
  const mark = target.indexOf('?')
  if (mark === -1) return checkMethod(readModel(target), method)
  const search = target.slice(mark + 1)
  const given = decode(search)
  if (CREDENTIAL.test(given) || OWN_KEY.test(given)) {
    throw new Refusal('bad_request', { message: 'Send the API key in a header, never in the URL.', param: 'query' })
  }
  const path = target.slice(0, mark)
  const known = ROUTES.get(path) ?? readModel(path)
  // The Anthropic client marks its beta endpoints so; nothing else in a query concerns a provider.
  return checkMethod(/(?:^|&)beta=true(?:&|$)/.test(search) ? { ...known, query: '?beta=true' } : known, method)
}

function checkMethod(route: Route, method: string): Route {
  const allowed = route.endpoint === 'models' ? 'GET' : 'POST'
  if (method === allowed) return route
  throw new Refusal('method_not_allowed', { headers: { allow: allowed } })
}

function readModel(path: string): Route {
  const id = MODEL.exec(path)?.[1]
  if (id === undefined || path.startsWith('//')) throw new Refusal('not_found')
  return { endpoint: 'models', modelId: decode(id), query: '' }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

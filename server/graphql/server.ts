import type { IncomingMessage, ServerResponse } from 'node:http'
import { useDisableIntrospection } from '@envelop/disable-introspection'
import { EnvelopArmorPlugin } from '@escape.tech/graphql-armor'
import { GraphQLError } from 'graphql'
import { createYoga, type Plugin } from 'graphql-yoga'
import type { Parts } from '../lib/parts.ts'
import { readBearer } from '../users/access-token.ts'
import { findViewer } from '../users/sign-in.service.ts'
import { isAdministrator } from '../users/viewer.ts'
import { useConfirmation } from './confirmation.ts'
import type { Context } from './context.ts'
import { readSessionCookie, sessionCookies } from './cookies.ts'
import { useFewRepeats } from './few-repeats.ts'
import { answerError, refuse } from './guard.ts'
import { useMasking } from './masking.ts'
import { schema } from './schema.ts'
import { useStorableText } from './storable.ts'

const MAX_DOCUMENT_BYTES = 256 * 1024
/** An administrator may send a public price list, which has grown past a megabyte. */
const MAX_LIST_BYTES = 4 * 1024 * 1024

/** Bounds on a document, checked before anything of it runs. The console's largest is well below a quarter of each. */
const bounds = EnvelopArmorPlugin({
  maxDepth: { n: 10, flattenFragments: true, exposeLimits: false },
  // Left to itself it lets any number of aliases of `__typename` pass.
  maxAliases: { n: 15, allowList: [], exposeLimits: false },
  maxTokens: { n: 1500, exposeLimits: false },
  maxDirectives: { n: 8, exposeLimits: false },
  costLimit: { maxCost: 20_000, objectCost: 2, scalarCost: 1, depthCostFactor: 1, exposeLimits: false },
  blockFieldSuggestion: { enabled: true },
})

type ServerContext = { readonly own: Context }

/** Whatever comes with it in variables, a document itself is short. */
const useDocumentSize: Plugin = {
  onParams({ params: { query = '' } }) {
    // What is no text has no length, and is told so further on.
    if (!(query.length > MAX_DOCUMENT_BYTES)) return
    throw new GraphQLError('The document is too long.', { extensions: { code: 'BAD_REQUEST', http: { status: 413 } } })
  },
}

type Allowed = { readonly maxBytes: number; readonly introspection?: boolean }

const createServer = ({ log }: Parts, { maxBytes, introspection = true }: Allowed) =>
  createYoga<ServerContext, Context>({
    schema,
    context: ({ own }) => own,
    plugins: [
      useDocumentSize,
      useStorableText(),
      bounds,
      useFewRepeats,
      !introspection && useDisableIntrospection(),
      useMasking(log),
      useConfirmation(),
    ],
    maskedErrors: true,
    logging: false,
    cors: false,
    graphiql: false,
    landingPage: false,
    multipart: false,
    batching: false,
    healthCheckEndpoint: '/graphql/health-is-elsewhere',
    maxRequestBodySize: maxBytes,
  })

/** Handles `/graphql` on the node server. */
export function createGraphql(parts: Parts): (req: IncomingMessage, res: ServerResponse) => void {
  // Each remembers the documents that it has found valid: what is for people only must not be remembered for strangers.
  const strangers = createServer(parts, { maxBytes: MAX_DOCUMENT_BYTES, introspection: false })
  const usual = createServer(parts, { maxBytes: MAX_DOCUMENT_BYTES })
  const roomy = createServer(parts, { maxBytes: MAX_LIST_BYTES })

  function serverFor({ viewer }: Context) {
    if (viewer === null) return strangers
    return isAdministrator(viewer) ? roomy : usual
  }

  async function handle(req: IncomingMessage, res: ServerResponse, requestId: string) {
    const own = await contextOf(parts, req, res, requestId)
    if (own) return await serverFor(own)(req, res, { own })
    res.setHeader('www-authenticate', 'Bearer')
    const message = 'This access token is not valid.'
    return answerError(res, { status: 401, code: 'UNAUTHENTICATED', message }, requestId)
  }

  return (req, res) => {
    const requestId = parts.random.uuidv7()
    res.setHeader('x-request-id', requestId)
    if (refuse(req, res, { requestId, publicUrl: parts.config.publicUrl })) return
    handle(req, res, requestId).catch((error: unknown) => {
      parts.log.error({ err: error, requestId }, 'a GraphQL request failed outside its resolvers')
      const message = 'Something went wrong on our side.'
      if (res.headersSent) res.destroy()
      else answerError(res, { status: 500, code: 'INTERNAL_ERROR', message }, requestId)
    })
  }
}

/** Null when an access token does not work. */
async function contextOf(
  parts: Parts,
  req: IncomingMessage,
  res: ServerResponse,
  requestId: string,
): Promise<Context | null> {
  const { authorization } = req.headers
  const accessToken = authorization === undefined ? null : (readBearer(authorization) ?? '')
  const sessionToken = readSessionCookie(req.headers.cookie)
  const origin = {
    requestId,
    address: parts.addressOf(req),
    userAgent: req.headers['user-agent']?.slice(0, 300) ?? null,
  }
  const proof = accessToken !== null ? { accessToken } : sessionToken !== null ? { sessionToken } : null
  const viewer = proof && (await findViewer(parts, proof))
  // A session that has ended is nobody; a token that does not work is a broken script, which must be told.
  if (accessToken !== null && !viewer) return null
  const isUnchanged = async () => {
    const now = proof && (await findViewer(parts, proof))
    return now?.role === viewer?.role
  }
  return { parts, viewer, origin, isUnchanged, confirmations: [], session: sessionCookies(res) }
}

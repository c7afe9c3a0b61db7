import { cacheExchange } from '@urql/exchange-graphcache'
import { Client, fetchExchange, mapExchange, stringifyDocument, type TypedDocumentNode } from '@urql/vue'
import { until } from '@vueuse/core'
import { shallowRef } from 'vue'

/** What the server says about a request that went wrong, in words for a person. */
export type Failure = {
  readonly ok: false
  readonly type: string
  readonly message: string
  readonly issues: readonly { readonly path: string; readonly message: string }[]
  readonly requestId: string | null
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | Failure

type SuccessOf<R> = Extract<NonNullable<R[keyof R]>, { __typename: `${string}Success` }>

type GraphQLAnswer = {
  readonly data?: Record<string, unknown> | null
  readonly errors?: readonly { readonly message: string; readonly extensions?: Record<string, unknown> }[]
}

const endpoint = '/graphql'

/** Counts the changes made from this tab; every list on screen asks again when it moves. */
export const revision = shallowRef(0)

const publicPaths = ['/sign-in', '/setup', '/set-password']

/** True while the session has ended under a page that is being used. Signing in again goes on with the page as it is. */
export const isSessionOver = shallowRef(false)

/** Counts what was forbidden: the console offers only what the viewer may do, so their role is another by now. */
export const forbidden = shallowRef(0)

function noteCode(code: unknown): void {
  if (code === 'FORBIDDEN') forbidden.value += 1
  if (code === 'UNAUTHENTICATED' && !publicPaths.includes(location.pathname)) isSessionOver.value = true
}

/**
 * Leaves for the sign-in page by a real navigation, so that nothing the last viewer loaded stays in memory.
 * The way back is kept in `next`.
 */
export function leaveForSignIn(): void {
  const next = location.pathname + location.search
  location.assign(next === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(next)}`)
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** Holds only what queries answered. Mutations go through `perform`, which never comes near this cache. */
export const client = new Client({
  url: endpoint,
  preferGetMethod: false,
  requestPolicy: 'cache-and-network',
  fetchSubscriptions: true,
  fetchOptions: { credentials: 'same-origin', headers: { 'x-aic-csrf': '1' } },
  exchanges: [
    mapExchange({
      onError(error) {
        for (const { extensions } of error.graphQLErrors) noteCode(extensions.code)
      },
    }),
    cacheExchange({
      keys: {
        AccessExplanation: () => null,
        AccessVerdict: () => null,
        ApiKeyUsage: () => null,
        AuditEntry: (entry) => text(entry['seq']),
        DefaultLimit: () => null,
        EmergencyPreview: () => null,
        GovernanceSettings: () => null,
        InstallationSettings: () => null,
        KeyChange: () => null,
        KeyField: () => null,
        KeyReview: () => null,
        LeakReporter: () => null,
        LimitVerdict: () => null,
        MailSettings: () => null,
        ModelRename: () => null,
        PolicyField: () => null,
        PoolMember: () => null,
        RefusedBy: () => null,
        ReviewProgress: () => null,
        UsagePercentiles: () => null,
        UsagePoint: () => null,
        UsageTotals: () => null,
      },
    }),
    fetchExchange,
  ],
})

function failed(message: string, requestId: string | null, type = 'Failure'): Failure {
  return { ok: false, type, message, issues: [], requestId }
}

async function post(body: string): Promise<Outcome<Record<string, unknown>>> {
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      credentials: 'same-origin',
      cache: 'no-store',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json',
        'x-aic-csrf': '1',
      },
      body,
    })
    const requestId = response.headers.get('x-request-id')
    const answer = (await response.json()) as GraphQLAnswer
    const error = answer.errors?.[0]
    if (error !== undefined) {
      const code = text(error.extensions?.['code'])
      noteCode(code)
      return failed(error.message, text(error.extensions?.['requestId']) ?? requestId, code ?? 'Failure')
    }
    if (answer.data === null || answer.data === undefined) return failed('The server gave no answer.', requestId)
    return { ok: true, value: answer.data }
  } catch {
    return failed('The server could not be reached. Check the connection and try again.', null, 'Unreachable')
  }
}

/** Asks outside the cache; used where an answer must not stay in memory. */
export async function ask<R, V extends object>(document: TypedDocumentNode<R, V>, variables: V): Promise<Outcome<R>> {
  const outcome = await post(JSON.stringify({ query: stringifyDocument(document), variables }))
  return outcome.ok ? { ok: true, value: outcome.value as R } : outcome
}

type Problem = { readonly __typename: string; readonly message?: string; readonly issues?: Failure['issues'] }

/**
 * Asks something that is answered by a success or a problem, told apart by `__typename`, and changes nothing. The
 * answer goes to the caller alone: it never enters the urql cache. Where the session has ended, it waits until the
 * person has signed in again, so that no form has to be filled in twice.
 */
export async function attempt<R extends object, I>(
  document: TypedDocumentNode<R, { input: I }>,
  input: I,
): Promise<Outcome<SuccessOf<R>>> {
  const outcome = await ask(document, { input })
  if (!outcome.ok && outcome.type === 'UNAUTHENTICATED' && isSessionOver.value) {
    await until(isSessionOver).toBe(false)
    return attempt(document, input)
  }
  if (!outcome.ok) return outcome
  const [value] = Object.values(outcome.value) as readonly (Problem | null)[]
  if (value === null || value === undefined) return failed('The server gave no answer.', null)
  if (!value.__typename.endsWith('Success')) {
    const { __typename: type, message = 'The change was refused.', issues = [] } = value
    return { ok: false, type, message, issues, requestId: null }
  }
  return { ok: true, value: value as SuccessOf<R> }
}

/**
 * Runs one mutation; every list on screen asks again when it succeeded. Its answer stays out of the urql cache, which
 * is how a secret in it is forgotten as soon as its dialog lets go of it.
 */
export async function perform<R extends object, I>(
  document: TypedDocumentNode<R, { input: I }>,
  input: I,
): Promise<Outcome<SuccessOf<R>>> {
  const outcome = await attempt(document, input)
  if (outcome.ok) revision.value += 1
  return outcome
}

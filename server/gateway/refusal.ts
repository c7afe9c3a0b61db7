import type { RefusalCause } from '../usage/usage-entry.ts'

/** Every "no" of `/work`: its status, its type on the wire and its words. Nothing here may name another tenant. */
export const REFUSALS = {
  invalid_json: [400, 'invalid_request_error', 'The body is not valid JSON.'],
  invalid_body: [400, 'invalid_request_error', 'The body must be a JSON object.'],
  duplicate_key: [400, 'invalid_request_error', 'A member of the body occurs more than once.'],
  body_too_complex: [400, 'invalid_request_error', 'The body is nested too deeply or has too many values.'],
  invalid_parameter: [400, 'invalid_request_error', 'A parameter is not valid.'],
  bad_request: [400, 'invalid_request_error', 'The request is not valid.'],
  invalid_api_key: [401, 'authentication_error', 'Incorrect API key provided.'],
  key_expired: [401, 'authentication_error', 'This API key has expired.'],
  key_deleted: [401, 'authentication_error', 'This API key has been deleted.'],
  key_disabled: [401, 'authentication_error', 'This API key is disabled: its owner or its provider is.'],
  key_pending: [401, 'authentication_error', 'This API key waits for approval.'],
  permission_denied: [403, 'permission_error', 'This API key may not do that.'],
  model_not_available: [404, 'invalid_request_error', 'This model is not available to this API key.'],
  not_found: [404, 'invalid_request_error', 'There is nothing at this address.'],
  method_not_allowed: [405, 'invalid_request_error', 'This method is not allowed here.'],
  request_timeout: [408, 'invalid_request_error', 'The request took too long to arrive.'],
  request_too_large: [413, 'invalid_request_error', 'The body is larger than allowed.'],
  unsupported_media_type: [
    415,
    'invalid_request_error',
    'The body must be sent as application/json in UTF-8, not compressed.',
  ],
  misdirected_request: [421, 'invalid_request_error', 'This server does not answer for that host.'],
  rate_limit_exceeded: [429, 'rate_limit_error', 'Too many requests.'],
  concurrency_limit_exceeded: [429, 'rate_limit_error', 'Too many requests at once.'],
  insufficient_quota: [429, 'rate_limit_error', 'The quota is used up.'],
  headers_too_large: [431, 'invalid_request_error', 'The headers are larger than allowed.'],
  internal_error: [500, 'server_error', 'Something went wrong here. It has been logged under the request id.'],
  upstream_unreachable: [502, 'upstream_error', 'The provider could not be reached.'],
  upstream_invalid_response: [502, 'upstream_error', 'The provider gave an answer that cannot be passed on.'],
  upstream_auth: [502, 'upstream_error', 'The provider refused the credential of this gateway.'],
  overloaded: [503, 'server_error', 'Too much is going on here right now.'],
  draining: [503, 'server_error', 'This server is about to stop.'],
  auth_unavailable: [503, 'server_error', 'API keys cannot be checked right now.'],
  accounting_unavailable: [503, 'server_error', 'Requests cannot be recorded right now.'],
  upstream_timeout: [504, 'upstream_error', 'The provider did not answer in time.'],
} as const satisfies Readonly<Record<string, readonly [number, string, string]>>

export type RefusalCode = keyof typeof REFUSALS

/** What a refusal may say besides its code. */
export type RefusalDetail = {
  /** In words for the caller, in place of the table's. */
  readonly message?: string
  /** The member or header that is wrong. */
  readonly param?: string | null
  readonly headers?: Readonly<Record<string, string>>
  /** What was asked for, as far as it was read: for the usage entry. */
  readonly asked?: Asked
  /** The layer of access, or the limit, that says no: for the usage entry, never for the caller. */
  readonly by?: RefusedBy
}

export type RefusedBy = { readonly type: RefusalCause; readonly id: string | null }

export type Asked = { readonly model: string; readonly streamed: boolean; readonly bytes: number }

/** A "no" of ours. Thrown once, shaped once (`http.ts`). */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: RefusalCode
  readonly status: number
  readonly type: string
  readonly param: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly asked: Asked | null
  readonly by: RefusedBy | null
  constructor(code: RefusalCode, detail: RefusalDetail = {}) {
    const [status, type, message] = REFUSALS[code]
    // No stack: it is an answer, not a bug, and a flood of them must stay cheap.
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(detail.message ?? message)
    Error.stackTraceLimit = limit
    this.code = code
    this.status = status
    this.type = type
    this.param = detail.param ?? null
    this.asked = detail.asked ?? null
    this.by = detail.by ?? null
    this.headers = { ...standing(code, status), ...detail.headers }
  }
}

/** Headers that a code always carries. */
function standing(code: RefusalCode, status: number): Readonly<Record<string, string>> {
  if (status === 401) return { 'www-authenticate': 'Bearer' }
  if (status === 503) return { 'retry-after': code === 'overloaded' ? '1' : '5' }
  if (code === 'rate_limit_exceeded' || code === 'concurrency_limit_exceeded') return { 'retry-after': '1' }
  return {}
}

/** The body of every error at `/work`. */
export const errorBody = ({ message, type, param, code }: Refusal): string =>
  JSON.stringify({ error: { message, type, param, code } })

import { expect } from 'vitest'

/** What every "no" of `/work` must look like, whoever said it: the pipeline, the router or the HTTP parser. */
export type Refused = {
  readonly status: number
  readonly headers: Headers
  readonly error: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: string
  }
}

const typeOfStatus: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
  500: 'server_error',
  502: 'upstream_error',
  503: 'server_error',
  504: 'upstream_error',
}

/** Words that must not stand in a message: addresses, SQL, stacks, versions, secrets. */
const forbidden =
  /127\.0\.0\.1|localhost:\d|SELECT |INSERT |prisma|undici|ECONN|\n\s+at |node_modules|node:|v\d+\.\d+\.\d+|aicp?_[0-9A-Za-z]{20}|sk-fake/

function readRefusal(status: number, headers: Headers, text: string): Refused {
  const parsed: unknown = JSON.parse(text)
  expect(Object.keys(parsed ?? {})).toEqual(['error'])
  const { error } = parsed as { error: Refused['error'] }
  return { status, headers, error }
}

function expectShape(refused: Refused, status: number, code: string | readonly string[]): void {
  const codes = typeof code === 'string' ? [code] : code
  expect(codes).toContain(refused.error.code)
  expect(refused.status).toBe(status)
  expect(Object.keys(refused.error).sort()).toEqual(['code', 'message', 'param', 'type'])
  expect(refused.error.type).toBe(typeOfStatus[status] ?? 'invalid_request_error')
  expect(refused.error.param === null || typeof refused.error.param === 'string').toBe(true)
  expect(refused.error.message.length).toBeGreaterThan(5)
  expect(refused.error.message).not.toMatch(forbidden)
  expect(refused.headers.get('content-type')).toMatch(/^application\/json/)
  expect(refused.headers.get('cache-control')).toBe('no-store')
  expect(refused.headers.get('x-request-id')).toMatch(/^[\w-]{8,}$/)
  if (status === 401) expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer/)
  if (status === 405) expect(refused.headers.get('allow')).toBeTruthy()
  if (status === 503) expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
}

/** Checks the whole form of one refusal; several codes mean that the contract allows each of them here. */
export async function expectRefusal(
  response: Response,
  status: number,
  code: string | readonly string[],
): Promise<Refused> {
  const refused = readRefusal(response.status, response.headers, await response.text())
  expectShape(refused, status, code)
  return refused
}

/** The same for an answer read from a raw socket. */
export function expectRawRefusal(answer: string, status: number, code: string | readonly string[]): Refused {
  const end = answer.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = answer.slice(0, end).split('\r\n')
  expect(statusLine).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  const headers = new Headers(
    lines.map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const refused = readRefusal(status, headers, unchunked(headers, answer.slice(end + 4)))
  expectShape(refused, status, code)
  return refused
}

function unchunked(headers: Headers, body: string): string {
  if (headers.get('transfer-encoding') !== 'chunked')
    return body.slice(0, Number(headers.get('content-length') ?? body.length))
  return body.replace(/(^|\r\n)[0-9a-f]+\r\n/gi, '').replace(/\r\n$/, '')
}

/** What crosses from the caller to the provider. All else says who the caller is, or is about this connection only. */
const TO_PROVIDER = new Set([
  'accept',
  'accept-language',
  'anthropic-beta',
  'anthropic-version',
  'content-type',
  'idempotency-key',
  'openai-beta',
  'traceparent',
  'tracestate',
  'user-agent',
  'x-client-request-id',
])

// A header of the provider that is about its own connection, its own origin in a browser, or its insides.
const NOT_TO_CALLER = new Set([
  'alt-svc',
  'clear-site-data',
  'connection',
  'content-location',
  'content-security-policy',
  'date',
  'keep-alive',
  'link',
  'location',
  'nel',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'public-key-pins',
  'refresh',
  'report-to',
  'reporting-endpoints',
  'server',
  'service-worker-allowed',
  'set-cookie',
  'set-cookie2',
  'sourcemap',
  'strict-transport-security',
  'te',
  'timing-allow-origin',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'www-authenticate',
  'x-content-type-options',
  'x-frame-options',
  'x-powered-by',
  'x-request-id',
])
const NOT_TO_CALLER_PREFIX = /^(?:access-control-|cross-origin-|x-aic-)/

const NOTHING: ReadonlySet<string> = new Set()

/** Header names that a `Connection` header declares to be for one connection only. */
function nominated(connection: string | readonly string[] | undefined): ReadonlySet<string> {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return NOTHING
  return new Set(
    [connection]
      .flat()
      .join(',')
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  )
}

// What Node refuses to write, and what no header should hold.
const UNWRITABLE = /[^\t\x20-\x7e\x80-\xff]/

type Incoming = Readonly<Record<string, string | string[] | undefined>>

/** The headers for the provider as a flat list: what may cross, then the provider's own credential. */
export function toProvider(incoming: Incoming, credential: readonly string[]): string[] {
  const hidden = nominated(incoming['connection'])
  const headers: string[] = []
  for (const name in incoming) {
    const value = incoming[name]
    if (typeof value !== 'string' || !TO_PROVIDER.has(name) || hidden.has(name)) continue
    // The credential's own header may have any name; the caller's of that name stays here.
    if (name !== credential[0]) headers.push(name, value)
  }
  // Compressed answers could not be read for their usage, and streams would be held up.
  headers.push('accept-encoding', 'identity', ...credential)
  return headers
}

/** The headers for the caller as a flat list, without `content-length`. */
export function toCaller(answered: Incoming, replaced: readonly string[] = []): string[] {
  const hidden = nominated(answered['connection'])
  const headers: string[] = []
  for (const name in answered) {
    const value = answered[name]
    if (value === undefined || name === 'content-length' || NOT_TO_CALLER.has(name) || hidden.has(name)) continue
    if (NOT_TO_CALLER_PREFIX.test(name)) continue
    // Where a limit of ours never resets there is nothing in the place of when theirs does.
    if (replaced.length > 0 && replaced.includes(name.replace('-reset-', '-limit-'))) continue
    for (const one of typeof value === 'string' ? [value] : value) if (!UNWRITABLE.test(one)) headers.push(name, one)
  }
  return headers
}

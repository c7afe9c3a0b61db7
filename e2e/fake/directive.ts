/**
 * How one request tells the fake provider to behave. The text travels inside the request body, because a gateway passes
 * unknown members through unchanged while it may drop headers:
 *
 *   1. `metadata.fake`, e.g. `{"metadata": {"fake": "latency=500 chunks=20"}}`, or
 *   2. `[[fake latency=500 chunks=20]]` anywhere in the last message, the prompt or the input, or
 *   3. for requests without a body (the model list): `PUT /_script`, see fake-provider.ts.
 *
 * Words are separated by blanks or commas, each `name` or `name=value`. Unknown names are an error (400), so that a
 * misspelt directive cannot make a test pass.
 */
export type Directive = {
  /** Milliseconds before the first byte of the answer. */
  readonly latency: number
  /** Milliseconds between two chunks of a stream. */
  readonly delay: number
  /** Content chunks of a stream, words of a plain answer; also the number of completion tokens of one choice. */
  readonly chunks: number
  /** Characters in each chunk; 0 leaves the word as it is. */
  readonly size: number
  /** `headers`: never answer. A number: stop after that many chunks and hold the connection open. */
  readonly stall: string
  /** Reset the connection after this many bytes of the answer's body; -1 never, 0 right after the headers. */
  readonly reset: number
  /** `headers` resets before a single byte was answered; `close` ends the socket after the answer without a word. */
  readonly socket: string
  /** `broken` cuts the JSON in half, `html` answers a page, `empty` nothing, `null` the word null. */
  readonly json: string
  /** Added to the true Content-Length of a plain answer. */
  readonly length: number
  /** HTTP status of the answer; 400 and above carry an error body in the provider's own form. */
  readonly status: number
  /** Value of Retry-After; empty leaves it out. */
  readonly retry_after: string
  /** Value of Location; sets status 307 unless one is given. */
  readonly redirect: string
  /** `missing`, `negative`, `huge`, `twice`, `text`, `early` (each chunk carries a running count). */
  readonly usage: string
  /** Cached prompt tokens reported in the usage. */
  readonly cached: number
  /** Bytes per write of a stream; 0 writes whole events. */
  readonly split: number
  /** Event number after which an error event is sent and the stream ends without `[DONE]`; -1 never. */
  readonly error_event: number
  /** Informational status to send first: 102 or 103. */
  readonly info: number
  /** Line ends of a stream: `lf`, `crlf` or `cr`. */
  readonly eol: string
  /** A stream without an end; `chunks` is ignored. */
  readonly endless: boolean
  /** The stream ends without `[DONE]`. */
  readonly no_done: boolean
  /** A byte order mark before the first event. */
  readonly bom: boolean
  /** Comment lines between the events, as some providers send them to keep a connection open. */
  readonly comments: boolean
  /** Set-Cookie, CORS, Server and hop-by-hop headers that must not reach a caller. */
  readonly rude: boolean
  /** Trailers after a chunked answer. */
  readonly trailers: boolean
}

export const defaultDirective: Directive = {
  latency: 0,
  delay: 0,
  chunks: 8,
  size: 0,
  stall: '',
  reset: -1,
  socket: '',
  json: '',
  length: 0,
  status: 200,
  retry_after: '',
  redirect: '',
  usage: '',
  cached: 0,
  split: 0,
  error_event: -1,
  info: 0,
  eol: 'lf',
  endless: false,
  no_done: false,
  bom: false,
  comments: false,
  rude: false,
  trailers: false,
}

export class UnknownDirective extends Error {}

function toValue(name: string, text: string | undefined, sample: unknown): number | string | boolean {
  if (typeof sample === 'boolean') return text !== 'false' && text !== '0'
  if (typeof sample === 'string') return text ?? ''
  const number = Number(text)
  if (text === undefined || !Number.isFinite(number)) throw new UnknownDirective(`${name} needs a number`)
  return number
}

/** Reads `name=value` words. Throws UnknownDirective for a name it does not know or a number that is none. */
export function readDirective(text: string): Directive {
  const samples = new Map<string, unknown>(Object.entries(defaultDirective))
  const given: Record<string, number | string | boolean> = {}
  for (const word of text.split(/[\s,]+/).filter((part) => part !== '')) {
    const equals = word.indexOf('=')
    const name = equals < 0 ? word : word.slice(0, equals)
    if (!samples.has(name)) throw new UnknownDirective(`unknown directive ${name}`)
    given[name] = toValue(name, equals < 0 ? undefined : word.slice(equals + 1), samples.get(name))
  }
  const directive = { ...defaultDirective, ...given }
  return directive.redirect !== '' && directive.status === 200 ? { ...directive, status: 307 } : directive
}

/** Finds `[[fake …]]` in a text; the empty string when there is none. */
export function findDirective(text: string): string {
  const start = text.lastIndexOf('[[fake ')
  const end = start < 0 ? -1 : text.indexOf(']]', start)
  return end < 0 ? '' : text.slice(start + '[[fake '.length, end)
}

import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { answerHttpError, HTTP_ERRORS } from '../lib/http-error.ts'
import { ADDRESS_HEADER } from './words.ts'

type Forwarding = { readonly req: IncomingMessage; readonly res: ServerResponse }
type Way = { readonly socketPath: string; readonly address: string | null; readonly requestId: string }

/** Of one connection, not of what is sent over it; the address is ours to say. */
const NOT_FORWARDED = new Set(['connection', 'keep-alive', 'expect', 'upgrade', ADDRESS_HEADER])
const NOT_RETURNED = new Set(['connection', 'keep-alive', 'transfer-encoding'])

const agent = new Agent({ keepAlive: true })

/** Hands a request to the control process and its answer to the caller, as they are, piece by piece. */
export function forward({ req, res }: Forwarding, { socketPath, address, requestId }: Way): void {
  // Who has left while this was being started sends no more: its request would never end, nor the connection for it.
  if (res.destroyed) return
  const headers = without(req.rawHeaders, NOT_FORWARDED)
  if (address !== null) headers.push(ADDRESS_HEADER, address)
  const asked = request({ socketPath, agent, method: req.method, path: req.url, headers, setHost: false })
  asked.on('response', (answer) => {
    // The control process did not want the rest of a body: neither do we.
    if (answer.headers.connection === 'close') res.shouldKeepAlive = false
    res.writeHead(answer.statusCode ?? 500, without(answer.rawHeaders, NOT_RETURNED))
    // An answer may have nothing to say for a long time, and is one already.
    res.flushHeaders()
    answer.pipe(res)
    answer.on('error', () => res.destroy())
  })
  asked.on('error', () => {
    if (!res.headersSent) answerHttpError(req, res, HTTP_ERRORS.controlAway, requestId)
    else if (!res.writableEnded) res.destroy()
  })
  res.on('close', () => {
    if (!res.writableFinished) asked.destroy()
  })
  req.pipe(asked)
}

function without(rawHeaders: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2)
    if (!names.has(name.toLowerCase())) kept.push(name, value)
  }
  return kept
}

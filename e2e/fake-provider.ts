import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { endpoints, errorBody } from './fake/answers.ts'
import { type Ask, member, readAsk } from './fake/ask.ts'
import { type Directive, readDirective, UnknownDirective } from './fake/directive.ts'
import { Ledger, type LedgerEntry } from './fake/ledger.ts'
import { modelIds, modelList } from './fake/openai.ts'
import { beforeAnswer, type Exchange, sendJson, sendStream } from './fake/send.ts'

/**
 * An LLM provider on real HTTP that does what a request tells it to (fake/directive.ts) and remembers what it received.
 * Reached as `http://127.0.0.1:PORT/v1` (OpenAI) or `http://127.0.0.1:PORT` (Anthropic: `/v1/messages`).
 *
 *   GET    /_ledger[?mark=…&since=SEQ]  received requests, oldest first       DELETE /_ledger   forget them
 *   GET    /_counts                     totals by path, status and end
 *   PUT    /_script {path, directive, times}   the next `times` requests for `path` (without /v1) behave so
 */
export type FakeProvider = {
  /** `http://127.0.0.1:PORT`, without a path. */
  readonly url: string
  readonly port: number
  readonly ledger: Ledger
  /** The next `times` requests for this path (without `/v1`) follow the directive instead of their own. */
  readonly script: (path: string, directive: string, times?: number) => void
  readonly close: () => Promise<void>
}

export type FakeOptions = { readonly port?: number; readonly host?: string; readonly credential?: string }

type Script = { directive: Directive; times: number }
type Parts = { readonly ledger: Ledger; readonly scripts: Map<string, Script>; readonly credential: string | undefined }

const maxBodyBytes = 64 * 1024 * 1024

async function readBody(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    size += bytes.length
    if (size <= maxBodyBytes) chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

function isAllowed(req: IncomingMessage, credential: string | undefined): boolean {
  if (credential === undefined) return true
  // Any header may carry it, so that providers with a header of their own can be played too.
  return Object.values(req.headers).some((value) => value === credential || value === `Bearer ${credential}`)
}

function takeScript(scripts: Map<string, Script>, path: string): Directive | undefined {
  const script = scripts.get(path)
  if (script === undefined || script.times <= 0) return undefined
  script.times -= 1
  return script.directive
}

async function answer(parts: Parts, exchange: Exchange, req: IncomingMessage, path: string, ask: Ask): Promise<void> {
  const { directive, entry } = exchange
  if (!(await beforeAnswer(exchange))) return
  if (!isAllowed(req, parts.credential)) return sendJson(exchange, 401, errorBody(path, 401))
  if (directive.status !== 200) return sendJson(exchange, directive.status, errorBody(path, directive.status))
  if (path === '/models' && req.method === 'GET') return sendJson(exchange, 200, modelList())
  const modelId = /^\/models\/(.+)$/.exec(path)?.[1]
  if (modelId !== undefined) {
    const known = modelIds.some((id) => id === modelId)
    return sendJson(
      exchange,
      known ? 200 : 404,
      known ? { id: modelId, object: 'model', owned_by: 'fake' } : errorBody(path, 404),
    )
  }
  const endpoint = endpoints.get(path)
  if (endpoint === undefined) return sendJson(exchange, 404, errorBody(path, 404, `Unknown request URL: ${path}`))
  if (req.method !== 'POST') return sendJson(exchange, 405, errorBody(path, 405, 'Not allowed'))
  if (ask.model === 'no-such-model') return sendJson(exchange, 404, errorBody(path, 404))
  const id = `fake${entry.seq}`
  if (ask.stream && endpoint.stream !== undefined) return sendStream(exchange, ask, endpoint.stream(ask, id))
  return sendJson(exchange, 200, endpoint.json(ask, id))
}

function parseBody(bytes: Buffer): unknown {
  return bytes.length === 0 ? {} : JSON.parse(bytes.toString('utf8'))
}

/** JSON, or the plain fields of a form; anything else says nothing. */
async function readFields(req: IncomingMessage, bytes: Buffer): Promise<unknown> {
  const type = req.headers['content-type'] ?? ''
  if (type.startsWith('application/json')) return parseBody(bytes)
  if (!type.startsWith('multipart/form-data')) return {}
  const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData()
  return Object.fromEntries([...form].filter(([, value]) => typeof value === 'string'))
}

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError'

async function serve(
  parts: Parts,
  req: IncomingMessage,
  res: ServerResponse,
  entry: LedgerEntry,
  path: string,
): Promise<void> {
  const left = new AbortController()
  res.on('close', () => {
    const end = entry.end === 'open' ? (res.writableFinished ? 'complete' : 'client_left') : entry.end
    entry.end = 'open'
    parts.ledger.finish(entry, end)
    left.abort()
  })
  const bytes = await readBody(req)
  parts.ledger.body(entry, bytes)
  const scripted = takeScript(parts.scripts, path)
  const plain: Exchange = { res, entry, directive: scripted ?? readDirective(''), gone: left.signal }
  const refuse = (message: string) => sendJson(plain, 400, errorBody(path, 400, message))
  try {
    const body = await readFields(req, bytes)
    const ask = readAsk(body)
    entry.model = ask.model
    const mark = member(member(body, 'metadata'), 'id') ?? req.headers['x-request-id'] ?? ''
    entry.mark = String(mark)
    const directive = scripted ?? ask.directive
    await answer(parts, { ...plain, directive }, req, path, scripted === undefined ? ask : { ...ask, directive })
  } catch (error) {
    if (isAbort(error) || res.destroyed) return
    if (error instanceof SyntaxError) return refuse('We could not parse the JSON body of your request.')
    if (error instanceof UnknownDirective) return refuse(error.message)
    throw error
  }
}

async function control(parts: Parts, req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> {
  const json = (value: unknown) => res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  if (url.pathname === '/_counts') return void json(parts.ledger.counts())
  if (url.pathname === '/_script' && req.method === 'PUT') {
    const body = parseBody(await readBody(req))
    const times = member(body, 'times')
    const directive = readDirective(String(member(body, 'directive') ?? ''))
    parts.scripts.set(String(member(body, 'path')), { directive, times: typeof times === 'number' ? times : 1 })
    return void json({ ok: true })
  }
  if (url.pathname !== '/_ledger') return void res.writeHead(404).end()
  if (req.method === 'DELETE') parts.ledger.clear()
  const mark = url.searchParams.get('mark')
  const since = Number(url.searchParams.get('since') ?? 0)
  json(parts.ledger.entries().filter((entry) => entry.seq > since && (mark === null || entry.mark === mark)))
}

function createFakeServer(parts: Parts): Server {
  const server = createServer((req, res) => {
    const url = new URL(req.url ?? '/', 'http://fake')
    const fail = (error: unknown) => res.destroy(error instanceof Error ? error : undefined)
    if (url.pathname.startsWith('/_')) return void control(parts, req, res, url).catch(fail)
    const entry = parts.ledger.begin(req.method ?? '', url.pathname, url.search, req.rawHeaders)
    serve(parts, req, res, entry, url.pathname.replace(/^\/v1(?=\/)/, '')).catch(fail)
  })
  server.on('connection', () => parts.ledger.connected())
  // A provider that never hurries its callers: the time-outs under test are the gateway's.
  server.requestTimeout = 0
  server.keepAliveTimeout = 120_000
  return server
}

/** Starts on 127.0.0.1; port 0 or none picks a free one. `close` cuts what is still open. */
export async function startFakeProvider(options: FakeOptions = {}): Promise<FakeProvider> {
  const parts: Parts = { ledger: new Ledger(), scripts: new Map(), credential: options.credential }
  const server = createFakeServer(parts)
  const host = options.host ?? '127.0.0.1'
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    // As many callers at once as a test may have.
    server.listen({ port: options.port ?? 0, host, backlog: 4096 }, resolve)
  })
  // A listening TCP server always has an AddressInfo.
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
  }
  const script = (path: string, directive: string, times = 1): void => {
    parts.scripts.set(path, { directive: readDirective(directive), times })
  }
  return { url: `http://${host}:${port}`, port, ledger: parts.ledger, script, close }
}

if (import.meta.main) {
  const options = {
    port: { type: 'string', default: '9191' },
    host: { type: 'string' },
    credential: { type: 'string' },
  } as const
  const { values } = parseArgs({ options })
  const fake = await startFakeProvider({ ...values, port: Number(values.port) })
  process.stdout.write(`fake provider on ${fake.url}/v1\n`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void fake.close())
}

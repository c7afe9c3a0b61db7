import { lookup as resolve } from 'node:dns'
import { isIP, type LookupFunction, type OnReadOpts, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { buildConnector, Pool } from 'undici'
import { readTarget, refuseAddress, type Target, type UrlPolicy, UrlRefused } from './url-policy.ts'

export type PoolOptions = { readonly connectTimeoutMs: number }

/** Opens one connection and hands it over, secured where the origin is `https:`. */
export type Connect = (done: (error: Error | null, socket?: Socket | null) => void) => void

export type OutgoingRequest = {
  readonly method: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** For everything: resolving, connecting, waiting and reading. */
  readonly timeoutMs: number
  /** A longer answer fails. */
  readonly maxBytes: number
}

export type OutgoingAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/**
 * The one client for every outgoing call. Addresses are checked when a connection is made and the connection goes to
 * the checked address; redirects are never followed and proxy variables never read.
 */
export type Outgoing = {
  /** Throws `UrlRefused` with a plain reason. A name that does not resolve now passes: each connection checks again. */
  checkUrl(url: string): Promise<void>
  /** Connections to one origin (`https://host:port`), for a caller who dispatches many requests. Close it after use. */
  pool(origin: string, options: PoolOptions): Pool
  /** The same checked connections one by one, for a caller who speaks HTTP itself. */
  connect(origin: string, options: PoolOptions): Connect
  /** One plain connection for a protocol that secures itself, such as mail. Rejects with `UrlRefused`, or the network's error. */
  socket(host: string, port: number, options: PoolOptions): Promise<Socket>
  /** One request, whole answer. Throws `UrlRefused`, or the network's error. */
  request(url: string, request: OutgoingRequest): Promise<OutgoingAnswer>
}

export type OutgoingSettings = {
  readonly privateUpstreams: readonly string[]
  readonly loopbackUpstreams: boolean
  /** Asked at each check, because a port of 0 is known only after listening. */
  readonly ownPorts: () => readonly number[]
}

const SAVE_LOOKUP_MS = 3_000

/**
 * All these connections read into one buffer, one after the other, and what was read is copied out of it. A buffer of
 * 64 KiB for each read would be garbage outside the heap, and there are thousands of small reads in a second.
 */
const READ_INTO_ONE_BUFFER: { readonly onread: OnReadOpts } = {
  onread: {
    buffer: Buffer.allocUnsafeSlow(64 * 1024),
    callback(this: Socket, bytes: number, buffer: Uint8Array) {
      return this.push(Buffer.from(buffer.subarray(0, bytes)))
    },
  },
}
const MAX_HEADER_BYTES = 64 * 1024

const ownAddresses = () =>
  Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address))

export function createOutgoing(settings: OutgoingSettings): Outgoing {
  const policy: UrlPolicy = {
    privateUpstreams: settings.privateUpstreams,
    loopback: settings.loopbackUpstreams,
    ownPorts: settings.ownPorts,
    ownAddresses,
  }
  const pool = (origin: string, { connectTimeoutMs }: PoolOptions) =>
    new Pool(origin, {
      connect: connectorFor(policy, readTarget(origin), connectTimeoutMs),
      allowH2: false,
      pipelining: 1,
      maxHeaderSize: MAX_HEADER_BYTES,
      keepAliveTimeout: 30_000,
      keepAliveMaxTimeout: 60_000,
    })
  const connect = (origin: string, { connectTimeoutMs }: PoolOptions) =>
    connectTo(connectorFor(policy, readTarget(origin), connectTimeoutMs, READ_INTO_ONE_BUFFER), new URL(origin))
  return {
    pool,
    connect,
    socket: (host, port, { connectTimeoutMs }) => openSocket(policy, { scheme: 'https', host, port }, connectTimeoutMs),
    checkUrl: (url) => checkUrl(policy, url),
    request: (url, request) => requestOnce(pool, url, request),
  }
}

function connectTo(connector: buildConnector.connector, { hostname, host, protocol, port }: URL): Connect {
  // An IPv6 address stands in brackets in a URL and without them everywhere else.
  const options = { hostname: hostname.replace(/^\[|\]$/g, ''), host, protocol, port }
  return (done) => connector(options, done)
}

/** `https` as the target's scheme says that what crosses the network will be secured. */
function openSocket(policy: UrlPolicy, target: Target, timeout: number): Promise<Socket> {
  const { host, port } = target
  return new Promise((done, fail) => {
    const plain = { hostname: host, host, protocol: 'http:', port: String(port) }
    connectorFor(policy, target, timeout)(plain, (error, socket) => (error ? fail(error) : done(socket)))
  })
}

/** Connects only to addresses that the policy allows, and to the very ones that were checked. */
function connectorFor(
  policy: UrlPolicy,
  target: Target,
  timeout: number,
  more: { readonly onread?: OnReadOpts } = {},
): buildConnector.connector {
  const connect = buildConnector({ timeout, allowH2: false, lookup: checkedLookup(policy, target), ...more })
  return (options, callback) => {
    // An address in the URL itself is never looked up: it is checked here.
    const reason = isIP(target.host) === 0 ? null : refuseAddress(policy, target, target.host)
    if (reason === null) connect(options, callback)
    else callback(new UrlRefused(reason), null)
  }
}

/** Resolves a name and hands on the addresses only when every one of them is allowed: they are what is connected to. */
function checkedLookup(policy: UrlPolicy, target: Target): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '')
      const reasons = addresses.map(({ address }) => refuseAddress(policy, target, address))
      const reason = reasons.find((refused) => refused !== null)
      const [first] = addresses
      if (reason || !first) return callback(new UrlRefused(reason ?? 'The host name has no address.'), '')
      if (options.all) return callback(null, addresses)
      callback(null, first.address, first.family)
    })
  }
}

async function checkUrl(policy: UrlPolicy, url: string): Promise<void> {
  const target = readTarget(url)
  const addresses = isIP(target.host) === 0 ? await addressesOf(target.host) : [target.host]
  for (const address of addresses) {
    const reason = refuseAddress(policy, target, address)
    if (reason !== null) throw new UrlRefused(reason)
  }
  // Without an address there is no telling that plain http stays inside the operator's network.
  const isNamed = policy.privateUpstreams.includes(`${target.host}:${target.port}`)
  if (addresses.length === 0 && target.scheme === 'http' && !isNamed)
    throw new UrlRefused('Public addresses need https.')
}

/** The addresses of a name; none when it does not resolve in time. */
function addressesOf(host: string): Promise<readonly string[]> {
  return new Promise((done) => {
    const timer = setTimeout(() => done([]), SAVE_LOOKUP_MS)
    resolve(host, { all: true }, (error, addresses) => {
      clearTimeout(timer)
      done(error ? [] : addresses.map(({ address }) => address))
    })
  })
}

async function requestOnce(pool: Outgoing['pool'], url: string, request: OutgoingRequest): Promise<OutgoingAnswer> {
  const { origin, pathname, search } = new URL(url)
  const once = pool(origin, { connectTimeoutMs: request.timeoutMs })
  try {
    const answer = await once.request({
      path: pathname + search,
      method: request.method,
      headers: request.headers ?? {},
      body: request.body ?? null,
      signal: AbortSignal.timeout(request.timeoutMs),
    })
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of answer.body) {
      const bytes = Buffer.from(chunk)
      size += bytes.length
      if (size > request.maxBytes) throw new Error('the answer is longer than allowed')
      chunks.push(bytes)
    }
    return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) }
  } finally {
    // What is still open belongs to an answer nobody reads any more.
    void once.destroy()
  }
}

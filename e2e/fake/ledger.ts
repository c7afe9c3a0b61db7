import { createHash } from 'node:crypto'

/** How the answer to one request ended, seen from the provider. `open` is still under way. */
export type LedgerEnd = 'open' | 'complete' | 'client_left' | 'reset' | 'refused'

/** One request as the fake provider received it. Instants are milliseconds since 1970. */
export type LedgerEntry = {
  readonly seq: number
  readonly at: number
  readonly method: string
  readonly path: string
  readonly query: string
  /** Names and values in the order and spelling of the wire: name, value, name, value, … */
  readonly rawHeaders: readonly string[]
  bodyBytes: number
  bodySha256: string
  /** The first 4,096 bytes. */
  bodyHead: string
  model: string
  /** Header `x-request-id`, or `metadata.id` of the body, by which a test recognises its own request. */
  mark: string
  status: number
  bytesSent: number
  chunksSent: number
  firstByteAt: number | null
  endedAt: number | null
  end: LedgerEnd
}

export type Counts = {
  readonly requests: number
  readonly open: number
  readonly bodyBytes: number
  readonly byPath: Readonly<Record<string, number>>
  readonly byStatus: Readonly<Record<string, number>>
  readonly byEnd: Readonly<Record<string, number>>
  readonly connections: number
}

/** Bounded memory of what arrived: the newest entries are kept, the counts never forget until they are cleared. */
export class Ledger {
  readonly #limit: number
  #entries: LedgerEntry[] = []
  #seq = 0
  #bodyBytes = 0
  #connections = 0
  readonly #byPath = new Map<string, number>()
  readonly #byStatus = new Map<string, number>()
  readonly #byEnd = new Map<string, number>()
  #open = 0

  constructor(limit = 20_000) {
    this.#limit = limit
  }

  connected(): void {
    this.#connections += 1
  }

  begin(method: string, path: string, query: string, rawHeaders: readonly string[]): LedgerEntry {
    this.#seq += 1
    this.#open += 1
    bump(this.#byPath, `${method} ${path}`)
    const entry: LedgerEntry = {
      seq: this.#seq,
      at: Date.now(),
      method,
      path,
      query,
      rawHeaders,
      bodyBytes: 0,
      bodySha256: '',
      bodyHead: '',
      model: '',
      mark: '',
      status: 0,
      bytesSent: 0,
      chunksSent: 0,
      firstByteAt: null,
      endedAt: null,
      end: 'open',
    }
    this.#entries.push(entry)
    // Cutting half at once keeps the cost of a bounded list away from every single request.
    if (this.#entries.length > this.#limit) this.#entries = this.#entries.slice(this.#limit / 2)
    return entry
  }

  body(entry: LedgerEntry, bytes: Buffer): void {
    entry.bodyBytes = bytes.length
    entry.bodySha256 = createHash('sha256').update(bytes).digest('hex')
    entry.bodyHead = bytes.subarray(0, 4096).toString('utf8')
    this.#bodyBytes += bytes.length
  }

  finish(entry: LedgerEntry, end: LedgerEnd): void {
    if (entry.end !== 'open') return
    entry.end = end
    entry.endedAt = Date.now()
    this.#open -= 1
    bump(this.#byStatus, String(entry.status))
    bump(this.#byEnd, end)
  }

  entries(): readonly LedgerEntry[] {
    return this.#entries
  }

  counts(): Counts {
    return {
      requests: this.#seq,
      open: this.#open,
      bodyBytes: this.#bodyBytes,
      byPath: Object.fromEntries(this.#byPath),
      byStatus: Object.fromEntries(this.#byStatus),
      byEnd: Object.fromEntries(this.#byEnd),
      connections: this.#connections,
    }
  }

  /** Forgets the finished entries and all counts; requests under way keep their entry object. */
  clear(): void {
    this.#entries = this.#entries.filter((entry) => entry.end === 'open')
    this.#seq = 0
    this.#bodyBytes = 0
    this.#connections = 0
    for (const map of [this.#byPath, this.#byStatus, this.#byEnd]) map.clear()
  }
}

function bump(map: Map<string, number>, key: string): void {
  // A bound on the names, because paths come from outside.
  if (map.size < 1000 || map.has(key)) map.set(key, (map.get(key) ?? 0) + 1)
}

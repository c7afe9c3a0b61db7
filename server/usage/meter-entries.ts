import type { Metrics } from '../lib/metrics.ts'
import { type Buckets, type Count, Counts, Histograms } from '../lib/tally.ts'
import type { UsageEntry } from './usage-entry.ts'

/** Adds an ended request to the metrics. */
export type MeterEntry = (entry: UsageEntry) => void

const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320]
const OVERHEAD_SECONDS = [0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.1]
const TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576]
/** Behind these many, models are counted without their name: what providers say must not fill the memory. */
const MAX_KINDS = 2_000

const DURATION = {
  name: 'gen_ai.server.request.duration',
  unit: 's',
  description: 'From the request to the end of its answer.',
}
const FIRST_TOKEN = { name: 'gen_ai.server.time_to_first_token', unit: 's', description: 'Until the answer began.' }
const TOKEN_USAGE = { name: 'gen_ai.client.token.usage', unit: '{token}', description: 'Tokens of a request, by type.' }
const OVERHEAD = { name: 'aic.gateway.overhead', unit: 's', description: "The gateway's own share of a request." }
const REQUESTS = { name: 'aic.gateway.requests', description: 'Ended requests with a known key.' }

const OPERATIONS: Readonly<Record<string, string>> = {
  'chat/completions': 'chat',
  completions: 'text_completion',
  embeddings: 'embeddings',
  responses: 'chat',
  messages: 'chat',
}

/** The series of requests that have their attributes in common. */
type Kind = {
  readonly duration: Buckets
  readonly firstToken: Buckets
  readonly input: Buckets
  readonly output: Buckets
}

/**
 * The GenAI names of OpenTelemetry's semantic conventions. The model is the provider's word and only named when it
 * answered, so that callers cannot fill the metrics with names of their own.
 */
export function createMeterEntry(metrics: Pick<Metrics, 'add'>): MeterEntry {
  const durations = new Histograms(DURATION, SECONDS)
  const firstTokens = new Histograms(FIRST_TOKEN, SECONDS)
  const tokens = new Histograms(TOKEN_USAGE, TOKENS)
  const overheads = new Histograms(OVERHEAD, OVERHEAD_SECONDS)
  const requests = new Counts(REQUESTS)
  metrics.add(durations, firstTokens, tokens, overheads, requests)
  const overhead = overheads.series({})
  const ends = new Map<string, Count>()
  const kinds = new Map<string, Kind>()

  function findEnd({ status, end, code }: UsageEntry): Count {
    const key = `${status} ${end} ${code}`
    const known = ends.get(key)
    if (known) return known
    const made = requests.series({ status, end, ...(code && { code }) })
    ends.set(key, made)
    return made
  }

  function findKind(entry: UsageEntry): Kind {
    const { endpoint, code, status, modelAnswered } = entry
    const model = status === 200 && kinds.size < MAX_KINDS ? modelAnswered : null
    const key = `${endpoint} ${code} ${model}`
    const known = kinds.get(key)
    if (known) return known
    const attributes = {
      'gen_ai.operation.name': OPERATIONS[endpoint] ?? 'other',
      ...(model && { 'gen_ai.response.model': model }),
      ...(code && { 'error.type': code }),
    }
    const made = {
      duration: durations.series(attributes),
      firstToken: firstTokens.series(attributes),
      input: tokens.series({ ...attributes, 'gen_ai.token.type': 'input' }),
      output: tokens.series({ ...attributes, 'gen_ai.token.type': 'output' }),
    }
    kinds.set(key, made)
    return made
  }

  // Nearly every request ends as the one before it.
  let last: { readonly like: UsageEntry; readonly end: Count; readonly kind: Kind } | null = null

  return (entry) => {
    if (last === null || !isAlike(last.like, entry)) last = { like: entry, end: findEnd(entry), kind: findKind(entry) }
    const { end, kind } = last
    end.value++
    overhead.record(entry.overheadUs / 1e6)
    if (entry.end === 'REFUSED') return
    kind.duration.record(entry.latencyMs / 1000)
    if (entry.firstTokenMs !== null) kind.firstToken.record(entry.firstTokenMs / 1000)
    if (entry.inputTokens !== null) kind.input.record(entry.inputTokens)
    if (entry.outputTokens !== null) kind.output.record(entry.outputTokens)
  }
}

const isAlike = (one: UsageEntry, other: UsageEntry) =>
  one.status === other.status &&
  one.end === other.end &&
  one.code === other.code &&
  one.endpoint === other.endpoint &&
  one.modelAnswered === other.modelAnswered

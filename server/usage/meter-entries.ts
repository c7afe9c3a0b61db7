import type { Meter } from '@opentelemetry/api'
import type { UsageEntry } from './usage-entry.ts'

/** Adds ended requests to the metrics. */
export type MeterEntries = (entries: readonly UsageEntry[]) => void

const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320]
const OVERHEAD = [0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.1]
const TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576]

const OPERATIONS: Readonly<Record<string, string>> = {
  'chat/completions': 'chat',
  completions: 'text_completion',
  embeddings: 'embeddings',
  responses: 'chat',
  messages: 'chat',
}

const histogram = (meter: Meter, name: string, unit: string, description: string, explicitBucketBoundaries: number[]) =>
  meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries } })

/**
 * The GenAI names of OpenTelemetry's semantic conventions. Entries are counted when they are stored, off the request
 * path, a moment after the request. The model is the provider's word and only named when it answered, so that
 * callers cannot fill the metrics with names of their own.
 */
export function createMeterEntries(meter: Meter): MeterEntries {
  const duration = histogram(
    meter,
    'gen_ai.server.request.duration',
    's',
    'From the request to the end of its answer.',
    SECONDS,
  )
  const firstToken = histogram(meter, 'gen_ai.server.time_to_first_token', 's', 'Until the answer began.', SECONDS)
  const tokens = histogram(meter, 'gen_ai.client.token.usage', '{token}', 'Tokens of a request, by type.', TOKENS)
  const overhead = histogram(meter, 'aic.gateway.overhead', 's', "The gateway's own share of a request.", OVERHEAD)
  const requests = meter.createCounter('aic.gateway.requests', { description: 'Ended requests with a known key.' })
  return (entries) => {
    for (const entry of entries) {
      const attributes = {
        'gen_ai.operation.name': OPERATIONS[entry.endpoint] ?? 'other',
        ...(entry.status === 200 && entry.modelAnswered && { 'gen_ai.response.model': entry.modelAnswered }),
        ...(entry.code && { 'error.type': entry.code }),
      }
      requests.add(1, { status: entry.status, end: entry.end, ...(entry.code && { code: entry.code }) })
      overhead.record(entry.overheadUs / 1e6)
      if (entry.end === 'REFUSED') continue
      duration.record(entry.latencyMs / 1000, attributes)
      if (entry.firstTokenMs !== null) firstToken.record(entry.firstTokenMs / 1000, attributes)
      if (entry.inputTokens !== null) tokens.record(entry.inputTokens, { ...attributes, 'gen_ai.token.type': 'input' })
      if (entry.outputTokens !== null)
        tokens.record(entry.outputTokens, { ...attributes, 'gen_ai.token.type': 'output' })
    }
  }
}

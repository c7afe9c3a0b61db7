import type { UsageEntry, UsageIntent } from '../usage-entry.ts'

const ID = '0198f9a0-0000-7000-8000-00000000000'

/** An intent of today that differs from others by its id only. */
export const anIntent = (id: string, startedAt = 1_795_400_000_000): UsageIntent => ({
  id,
  startedAt,
  keyId: `${ID}1`,
  secretId: `${ID}2`,
  ownerId: `${ID}3`,
  providerId: `${ID}4`,
  endpoint: 'chat/completions',
  modelAsked: 'gpt-4 "é" \u{1f600}',
  streamed: false,
  requestBytes: 100,
})

/** The complete entry for it: 9 tokens in, 12 out, 3 ms. */
export const anEntry = (intent: UsageIntent): UsageEntry => ({
  ...intent,
  modelAnswered: 'gpt-4-0613',
  status: 200,
  code: null,
  refusedByType: null,
  refusedById: null,
  end: 'COMPLETE',
  inputTokens: 9,
  outputTokens: 12,
  cachedTokens: null,
  costMicros: null,
  latencyMs: 3,
  firstTokenMs: null,
  overheadUs: 100,
  responseBytes: 600,
})

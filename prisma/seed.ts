// A small world to click through: people, providers, keys, and 30 days of requests. Only into an empty installation.
import { runCommand } from '../server/control/open.ts'
import { createApiKey } from '../server/keys/create-key.service.ts'
import { deleteApiKey, expireApiKey } from '../server/keys/keys.service.ts'
import { EXIT, StartFailure } from '../server/lib/exit.ts'
import type { Parts } from '../server/lib/parts.ts'
import { costOf, type Rates } from '../server/limits/price.ts'
import { createPrice } from '../server/limits/prices.service.ts'
import { createProvider } from '../server/providers/providers.service.ts'
import { createRule } from '../server/rules/rules.service.ts'
import { insertEntries } from '../server/usage/usage.store.ts'
import type { UsageEntry } from '../server/usage/usage-entry.ts'
import { createGroup } from '../server/users/groups.service.ts'
import { createAdministrator, isSetupRequired } from '../server/users/setup.service.ts'
import { createUser } from '../server/users/users.service.ts'
import type { Act } from '../server/users/viewer.ts'

const PASSWORD = 'correct horse battery staple'
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

const PEOPLE = [
  { username: 'maria', displayName: 'Maria Keller', role: 'USER' },
  { username: 'tom', displayName: 'Tom Okafor', role: 'USER' },
  { username: 'yuki', displayName: 'Yuki Tanaka', role: 'USER' },
  { username: 'audit', displayName: 'Ines Duarte', role: 'AUDITOR' },
] as const

const PROVIDERS = [
  { name: 'OpenAI', baseUrl: 'https://api.openai.com/v1', models: ['gpt-4o', 'gpt-4o-mini', 'text-embedding-3-small'] },
  { name: 'Groq', baseUrl: 'https://api.groq.com/openai/v1', models: ['llama-3.3-70b-versatile'] },
  { name: 'Anthropic', baseUrl: 'https://api.anthropic.com', models: ['claude-sonnet-4-5'], anthropic: true },
] as const

/** Millionths of a dollar per million tokens. The model of Groq has no price: sums say so. */
const PRICES: Readonly<Record<string, Rates>> = {
  'gpt-4o': { inputMicros: 2_500_000n, outputMicros: 10_000_000n, cachedMicros: 1_250_000n },
  'gpt-4o-mini': { inputMicros: 150_000n, outputMicros: 600_000n, cachedMicros: 75_000n },
  'text-embedding-3-small': { inputMicros: 20_000n, outputMicros: 0n, cachedMicros: null },
  'claude-sonnet-4-5': { inputMicros: 3_000_000n, outputMicros: 15_000_000n, cachedMicros: 300_000n },
}

const KEYS = [
  {
    name: 'Continue.dev Integration',
    owner: 'maria',
    provider: 'OpenAI',
    type: 'Development',
    application: 'Continue.dev',
    perDay: 60,
  },
  {
    name: 'ML Pipeline API',
    owner: 'tom',
    provider: 'OpenAI',
    type: 'Production',
    application: 'ml-pipeline',
    perDay: 400,
  },
  {
    name: 'Marketing Team OpenAI Access',
    owner: 'maria',
    provider: 'OpenAI',
    type: 'Production',
    application: 'Campaign tool',
    perDay: 90,
  },
  {
    name: 'Support Chatbot',
    owner: 'yuki',
    provider: 'Anthropic',
    type: 'Production',
    application: 'support-bot',
    perDay: 250,
  },
  { name: 'Nightly Summaries', owner: 'tom', provider: 'Groq', type: 'Production', application: 'digest', perDay: 24 },
  { name: 'Incident 4711', owner: 'yuki', provider: 'OpenAI', type: 'Emergency', application: 'runbook', perDay: 3 },
  { name: 'Notebook Experiments', owner: 'maria', provider: 'Groq', type: 'Development', application: null, perDay: 0 },
  {
    name: 'Old Prototype',
    owner: 'tom',
    provider: 'OpenAI',
    type: 'Development',
    application: null,
    perDay: 5,
    end: 'expire',
  },
  {
    name: 'Hackathon 2025',
    owner: 'yuki',
    provider: 'Groq',
    type: 'Development',
    application: null,
    perDay: 2,
    end: 'delete',
  },
] as const

type Key = Awaited<ReturnType<typeof createApiKey>>['row']

/** Numbers that look random and are the same each time (mulberry32). */
function dice(seed: number) {
  let state = seed
  return (sides: number) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * sides)
  }
}

function requestsOf(
  { random }: Parts,
  key: Key,
  secretId: string,
  models: readonly string[],
  perDay: number,
  now: number,
): UsageEntry[] {
  const roll = dice(key.name.length * 7919)
  return Array.from({ length: perDay * 30 }, (): UsageEntry => {
    const startedAt = now - roll(30) * DAY_MS - roll(20) * HOUR_MS - roll(HOUR_MS)
    const fails = roll(50) === 0
    const latencyMs = 200 + roll(400) + roll(3) * roll(1500)
    const model = models[roll(models.length)]
    const [input, output] = fails ? [null, null] : [80 + roll(900), 40 + roll(500)]
    const rates = PRICES[model ?? '']
    return {
      id: random.uuidv7(),
      startedAt,
      keyId: key.id,
      secretId,
      ownerId: key.ownerId,
      providerId: key.providerId,
      endpoint: 'chat/completions',
      modelAsked: model ?? null,
      modelAnswered: fails ? null : (models[0] ?? null),
      status: fails ? 502 : 200,
      code: fails ? 'upstream_unreachable' : null,
      end: fails ? 'UPSTREAM_FAILED' : 'COMPLETE',
      streamed: roll(2) === 0,
      inputTokens: input,
      outputTokens: output,
      cachedTokens: fails ? null : 0,
      costMicros: rates ? costOf(rates, { input, output, cached: null }) : null,
      latencyMs,
      firstTokenMs: fails ? null : Math.round(latencyMs / 3),
      overheadUs: 150 + roll(200),
      requestBytes: 400 + roll(4000),
      responseBytes: fails ? 0 : 600 + roll(3000),
      refusedByType: null,
      refusedById: null,
    }
  })
}

async function seedKeys(act: Act, people: ReadonlyMap<string, string>, providers: ReadonlyMap<string, string>) {
  const { parts } = act
  const now = parts.clock.now().getTime()
  for (const { owner, provider, perDay, ...rest } of KEYS) {
    const { name, type, application } = rest
    const providerId = providers.get(provider) ?? ''
    const { row } = await createApiKey(act, {
      name,
      type,
      application,
      providerId,
      ownerId: people.get(owner) ?? null,
      environment: type === 'Production' ? 'production' : 'test',
      purpose: `${name} for ${owner}`,
    })
    const secret = await parts.db.prisma.keySecret.findFirstOrThrow({ where: { keyId: row.id } })
    const models = PROVIDERS.find((candidate) => candidate.name === provider)?.models ?? []
    const entries = requestsOf(parts, row, secret.id, models, perDay, now)
    for (let at = 0; at < entries.length; at += 1000) await insertEntries(parts.db.pool, entries.slice(at, at + 1000))
    if ('end' in rest) await (rest.end === 'expire' ? expireApiKey(act, row.id) : deleteApiKey(act, row.id))
  }
}

async function seedRules(act: Act, people: ReadonlyMap<string, string>, providers: ReadonlyMap<string, string>) {
  const memberIds = ['maria', 'tom'].map((username) => people.get(username) ?? '')
  const engineering = await createGroup(act, { name: 'Engineering', memberIds })
  await createRule(act, {
    name: 'Users may use chat models',
    description: 'Everyday work needs no further permission.',
    effect: 'ALLOW',
    modelPattern: 'gpt-4o(-mini)?|claude-.*',
    role: 'USER',
  })
  await createRule(act, {
    name: 'Engineering may use everything',
    effect: 'ALLOW',
    modelPattern: '.*',
    groupId: engineering.id,
  })
  await createRule(act, {
    name: 'No old models',
    description: 'They are about to be switched off by their providers.',
    effect: 'DENY',
    modelPattern: 'gpt-3.*|text-davinci-.*',
    providerId: providers.get('OpenAI') ?? null,
  })
}

async function seed(parts: Parts) {
  if (!(await isSetupRequired(parts))) throw new StartFailure(EXIT.failed, 'This installation is not empty.')
  const admin = await createAdministrator(parts, { username: 'admin', password: PASSWORD })
  const viewer = {
    id: admin.id,
    username: 'admin',
    role: 'ADMINISTRATOR',
    via: 'session',
    proofId: admin.id,
    scopes: ['READ', 'WRITE'],
  } as const
  const act: Act = { parts, viewer, origin: { requestId: null, address: null, userAgent: null } }
  const people = new Map<string, string>()
  for (const person of PEOPLE) {
    const { user } = await createUser(act, { ...person, email: `${person.username}@example.com`, password: PASSWORD })
    people.set(person.username, user.id)
  }
  const providers = new Map<string, string>()
  for (const { name, baseUrl, models, ...more } of PROVIDERS) {
    const anthropic = 'anthropic' in more
    const auth = anthropic ? ({ wireFormat: 'ANTHROPIC', authType: 'X_API_KEY' } as const) : {}
    const provider = await createProvider(act, {
      name,
      baseUrl,
      enabledModels: models,
      credential: `sk-example-${name}-not-a-real-one`,
      ...auth,
    })
    providers.set(name, provider.id)
    const effectiveFrom = new Date(parts.clock.now().getTime() - 31 * DAY_MS)
    for (const modelPattern of models) {
      const rates = PRICES[modelPattern]
      if (rates) await createPrice(act, { providerId: provider.id, modelPattern, effectiveFrom, ...rates })
    }
  }
  await seedRules(act, people, providers)
  await seedKeys(act, people, providers)
}

await runCommand(async (parts) => {
  await seed(parts)
  process.stdout.write(`Sign in as admin, maria, tom, yuki or audit, with the password: ${PASSWORD}\n`)
})

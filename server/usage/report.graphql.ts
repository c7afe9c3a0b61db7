import { type FieldNode, type GraphQLResolveInfo, visit } from 'graphql'
import { builder } from '../graphql/builder.ts'
import { type Context, signedIn } from '../graphql/context.ts'
import { ApiKey } from '../keys/keys.graphql.ts'
import { inTurns } from '../lib/turns.ts'
import { type KeyUsage, NO_USAGE } from './key-usage.store.ts'
import type { Percentiles } from './latency.ts'
import { getUsage, listKeyUsage } from './report.service.ts'
import type { UsageTotals as Totals, UsagePoint } from './report.store.ts'

const UsageInterval = builder.enumType('UsageInterval', {
  description: 'The width of a point of a chart.',
  values: {
    HOUR: { description: 'One hour; up to 31 days.' },
    DAY: { description: 'One day in the time zone of the installation; up to 400 days.' },
    TOTAL: { description: 'The whole span as one.' },
  },
} as const)

const UsageGroupBy = builder.enumType('UsageGroupBy', {
  description: 'What to tell apart.',
  values: {
    KEY: { description: 'Keys.' },
    OWNER: { description: 'Owners of keys.' },
    GROUP: {
      description:
        'Groups of people: a request counts for each group that the owner of its key is a member of now, and not at all without one.',
    },
    PROVIDER: { description: 'Providers.' },
    MODEL: { description: 'Models as the callers named them.' },
    STATUS: { description: 'HTTP statuses.' },
    CODE: { description: 'Error codes; empty: no error.' },
  },
} as const)

const UsageFilter = builder.inputType('UsageFilter', {
  description: 'Narrows what is summed; what is given must all hold.',
  fields: (t) => ({
    ownerId: t.id({ description: 'Requests with keys of this person.' }),
    keyId: t.id({ description: 'Requests with this key.' }),
    providerId: t.id({ description: 'Requests to this provider.' }),
    model: t.string({ description: 'Requests that asked for exactly this model.' }),
  }),
})

const UsageSums = builder.interfaceRef<Totals>('UsageSums').implement({
  description: 'Sums over requests.',
  fields: (t) => ({
    requests: t.exposeInt('requests', { description: 'How many.' }),
    errors: t.exposeInt('errors', { description: 'How many of them with an error code.' }),
    inputTokens: t.expose('inputTokens', {
      type: 'BigInt',
      description: 'Tokens asked, as far as the providers said.',
    }),
    outputTokens: t.expose('outputTokens', {
      type: 'BigInt',
      description: 'Tokens answered, as far as the providers said.',
    }),
    cachedTokens: t.expose('cachedTokens', {
      type: 'BigInt',
      description: "Of the tokens asked, from providers' caches.",
    }),
    costMicros: t.expose('costMicros', {
      type: 'BigInt',
      description: 'Millionths of the currency, where a price was known.',
    }),
    unpriced: t.exposeInt('unpriced', {
      description: 'How many of them used tokens without a known price: `costMicros` leaves them out.',
    }),
  }),
})

const UsageTotals = builder.objectRef<Totals>('UsageTotals').implement({
  description: 'Sums over the requests of a span.',
  interfaces: [UsageSums],
})

const UsagePercentiles = builder.objectRef<Percentiles>('UsagePercentiles').implement({
  description: 'Milliseconds that so many of a hundred requests stayed within, each within 2 % of the truth.',
  fields: (t) => ({
    p50: t.exposeInt('p50', { description: 'Half of them.' }),
    p90: t.exposeInt('p90', { description: '90 of 100.' }),
    p99: t.exposeInt('p99', { description: '99 of 100.' }),
  }),
})

const UsagePointRef = builder.objectRef<UsagePoint>('UsagePoint').implement({
  description: 'Sums over the requests of one interval, and one group.',
  interfaces: [UsageSums],
  fields: (t) => ({
    start: t.expose('start', { type: 'DateTime', description: 'When the interval begins.' }),
    group: t.exposeString('group', {
      nullable: true,
      description:
        'The id or value of the group; null without grouping, and of all groups together behind the first 20.',
    }),
    label: t.exposeString('label', {
      nullable: true,
      description: 'The name of the group, for people; null when it is gone.',
    }),
    averageLatencyMs: t.exposeInt('averageLatencyMs', { description: 'Mean milliseconds of a request.' }),
    latencyMs: t.expose('latencyMs', {
      type: UsagePercentiles,
      nullable: true,
      description:
        'Milliseconds from the request to the end of the answer, of requests that reached a provider. Null: there was none, or the points are hours of a span of more than 72.',
    }),
    firstTokenMs: t.expose('firstTokenMs', {
      type: UsagePercentiles,
      nullable: true,
      description: "Milliseconds to the first byte of the answer's body. Null: no answer had one, or as above.",
    }),
  }),
})

/** True when the document names one of these fields below this one, or in a fragment. */
function asksFor({ fieldNodes, fragments }: GraphQLResolveInfo, names: readonly string[]): boolean {
  let found = false
  const look = {
    Field({ name }: FieldNode) {
      if (names.includes(name.value)) found = true
    },
  }
  for (const node of [...fieldNodes, ...Object.values(fragments)]) visit(node, look)
  return found
}

builder.queryField('usage', (t) =>
  t.field({
    type: [UsagePointRef],
    description:
      'Sums per interval and group, of ones own keys; for administrators and auditors of all. Intervals without requests are left out; of many groups, the 20 with the most requests stand alone and all others together.',
    authScopes: { signedIn: true },
    args: {
      from: t.arg({ type: 'DateTime', required: true, description: 'The beginning, rounded down to the hour.' }),
      to: t.arg({ type: 'DateTime', required: true, description: 'The end, rounded up to the hour.' }),
      interval: t.arg({ type: UsageInterval, required: true, description: 'The width of a point.' }),
      groupBy: t.arg({ type: UsageGroupBy, description: 'What to tell apart; default: nothing.' }),
      filter: t.arg({ type: UsageFilter, description: 'Only these requests.' }),
    },
    resolve: async (_root, question, context, info) => {
      const durations = asksFor(info, ['latencyMs', 'firstTokenMs'])
      return inTurns(await getUsage(signedIn(context), { ...question, durations }))
    },
  }),
)

const ApiKeyUsage = builder.objectRef<KeyUsage>('ApiKeyUsage').implement({
  description: 'What a key did lately, at most seconds late.',
  fields: (t) => ({
    last24Hours: t.field({
      type: UsageTotals,
      description: 'The last 24 hours, in whole hours.',
      resolve: (usage) => usage.last24Hours,
    }),
    last30Days: t.field({
      type: UsageTotals,
      description: 'The last 30 days with today, in the time zone of the installation.',
      resolve: (usage) => usage.last30Days,
    }),
    daily: t.intList({
      description: 'Requests per day of them, the oldest first: 30 numbers.',
      resolve: ({ daily }) => [...daily],
    }),
  }),
})

const UNUSED: KeyUsage = { last24Hours: NO_USAGE, last30Days: NO_USAGE, daily: Array.from({ length: 30 }, () => 0) }

builder.objectField(ApiKey, 'usage', (t) =>
  t.loadable({
    type: ApiKeyUsage,
    description: 'What it did lately.',
    load: async (ids: string[], { parts }: Context) => {
      const usage = await listKeyUsage(parts, ids)
      return ids.map((id) => usage.get(id) ?? UNUSED)
    },
    resolve: ({ id }) => id,
  }),
)

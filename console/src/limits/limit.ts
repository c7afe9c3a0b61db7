import type { ResultOf } from '../graphql.ts'
import { toDayAndTime } from '../ui/instants.ts'
import { toBig, toMoney, toPlural } from '../ui/numbers.ts'
import { type Trial, toNoChange, toSentence } from '../ui/trial.ts'
import type { Limit, Meter, TryLimit } from './documents.ts'

export type Metric = Meter['metric']
export type Period = NonNullable<Meter['period']>
export type Target = Meter['target']

export const metrics = [
  { value: 'REQUESTS', label: 'Requests' },
  { value: 'TOKENS', label: 'Tokens' },
  { value: 'MONEY', label: 'Money' },
  { value: 'CONCURRENCY', label: 'Requests at once' },
] as const satisfies readonly { value: Metric; label: string }[]

export const periods = [
  { value: 'MINUTE', label: 'Minute' },
  { value: 'HOUR', label: 'Hour' },
  { value: 'DAY', label: 'Day' },
  { value: 'WEEK', label: 'Week' },
  { value: 'MONTH', label: 'Month' },
  { value: 'TOTAL', label: 'In total' },
] as const satisfies readonly { value: Period; label: string }[]

export const targets = [
  { value: 'KEY', label: 'One key', icon: 'i-lucide-key-round' },
  { value: 'USER', label: 'One user', icon: 'i-lucide-user' },
  { value: 'GROUP', label: 'One group', icon: 'i-lucide-users' },
  { value: 'PROVIDER', label: 'One provider', icon: 'i-lucide-plug' },
  { value: 'MODEL', label: 'Models', icon: 'i-lucide-box' },
  { value: 'EVERYTHING', label: 'Everything', icon: 'i-lucide-globe' },
] as const satisfies readonly { value: Target; label: string; icon: string }[]

const units: Readonly<Record<Metric, string>> = {
  REQUESTS: ' requests',
  TOKENS: ' tokens',
  MONEY: '',
  CONCURRENCY: ' at once',
}

/** `12,000` or `$50.00`: an amount of what the limit counts. */
export function toAmount(amount: string, metric: Metric): string {
  return metric === 'MONEY' ? toMoney(amount) : toBig(amount)
}

/** `12,000 tokens per day`, `$50.00 per month`, `4 at once`. */
export function toTerms(limit: Pick<Meter, 'metric' | 'period' | 'amount'>): string {
  const amount = `${toAmount(limit.amount, limit.metric)}${units[limit.metric]}`
  if (limit.period === null) return amount
  return limit.period === 'TOTAL' ? `${amount} in total` : `${amount} per ${limit.period.toLowerCase()}`
}

/** What the limit is called by people, or what it is on when it has no name. */
export function toTitle(limit: Pick<Meter, 'name' | 'metric' | 'period' | 'amount'>): string {
  return limit.name ?? toTerms(limit)
}

type Targeted = Pick<Limit, 'target' | 'key' | 'user' | 'group' | 'provider' | 'modelPattern'>

/** Whose requests it counts, and where that thing is shown. */
export function toTarget(limit: Targeted): {
  readonly label: string
  readonly icon: string
  readonly to: string | null
} {
  const icon = targets.find((one) => one.value === limit.target)?.icon ?? 'i-lucide-globe'
  if (limit.target === 'EVERYTHING') return { label: 'Everything', icon, to: null }
  if (limit.target === 'MODEL') return { label: limit.modelPattern ?? '', icon, to: null }
  if (limit.target === 'KEY')
    return { label: limit.key?.name ?? 'A key', icon, to: limit.key ? `/keys/${limit.key.id}` : null }
  if (limit.target === 'USER') return { label: limit.user?.displayName ?? 'A user', icon, to: null }
  if (limit.target === 'GROUP') return { label: limit.group?.name ?? 'A group', icon, to: '/admin/groups' }
  return { label: limit.provider?.name ?? 'A provider', icon, to: null }
}

const targetWords: Readonly<Record<Target, string>> = {
  KEY: 'this key',
  USER: 'all keys of its owner',
  GROUP: 'all keys of a group of its owner',
  PROVIDER: 'all keys of the provider',
  MODEL: 'models',
  EVERYTHING: 'everything',
}

/** What a limit that concerns a key counts, for its holder, who may not see names of other things. */
export function toScope(limit: Pick<Meter, 'target' | 'modelPattern'>): string {
  return limit.target === 'MODEL' ? `models ${limit.modelPattern ?? ''}` : targetWords[limit.target]
}

export type Level = { readonly percent: number; readonly tone: 'calm' | 'warning' | 'full'; readonly words: string }

/** How full a limit is. From 80% on it warns, as the notices do; what is reserved counts as taken. */
export function toLevel(limit: Pick<Meter, 'used' | 'reserved' | 'effectiveAmount' | 'metric'>): Level {
  const used = Number(limit.used)
  const taken = used + Number(limit.reserved)
  const amount = Number(limit.effectiveAmount)
  const percent = amount === 0 ? 100 : Math.min(100, (100 * taken) / amount)
  const tone = percent >= 100 ? 'full' : percent >= 80 ? 'warning' : 'calm'
  return {
    percent,
    tone,
    words: `${toAmount(limit.used, limit.metric)} of ${toAmount(limit.effectiveAmount, limit.metric)}`,
  }
}

/** The one that the smallest part is left of; null of none. */
export function closestOf(limits: readonly Meter[]): Meter | null {
  return limits.toSorted((a, b) => toLevel(b).percent - toLevel(a).percent)[0] ?? null
}

/** True while a temporary raise is in force. */
export function isRaised(limit: Pick<Meter, 'raisedUntil'>, now: number): boolean {
  return limit.raisedUntil !== null && Date.parse(limit.raisedUntil) > now
}

type Tried = Extract<ResultOf<typeof TryLimit>['tryLimit'], { __typename: 'TryLimitSuccess' }>

/** The span is what was looked at, which is less than asked where there were too many requests. */
export function toTrial(tried: Tried, allowUnpriced: boolean): Trial {
  const days = (Date.parse(tried.to) - Date.parse(tried.from)) / 86_400_000
  const sum = { requests: tried.refusedRequests, keys: tried.refusedKeys, users: tried.refusedUsers }
  const { passedOnRequests, unpricedRequests } = tried
  const passedOn = `${toPlural(passedOnRequests, 'request')} would have gone to other members of pools.`
  const unpriced = `${toPlural(unpricedRequests, 'request')} had no price: ${allowUnpriced ? 'they pass, and cost nothing of the limit' : 'the limit refuses them'}.`
  const lines = [
    ...(sum.requests > 0 ? [{ tone: 'refused' as const, text: toSentence('refused', sum, days) }] : []),
    ...(passedOnRequests > 0 ? [{ tone: 'allowed' as const, text: passedOn }] : []),
    ...(unpricedRequests > 0
      ? [{ tone: allowUnpriced ? ('allowed' as const) : ('refused' as const), text: unpriced }]
      : []),
  ]
  return {
    lines: lines.length > 0 ? lines : [{ tone: 'same', text: toNoChange(days) }],
    examples: tried.examples.map((one, index) => ({
      id: String(index),
      tone: 'refused',
      title: `${one.apiKey?.name ?? 'A key that is gone'} · ${one.model}`,
      detail: `${one.owner?.displayName ?? 'unknown'} · first on ${toDayAndTime(one.firstAt)}`,
      requests: one.requests,
    })),
    requests: tried.requests,
  }
}

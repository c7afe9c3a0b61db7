import { consoleDocuments } from './documents.ts'

/** One request of the console. */
export type Question = { readonly name: string; readonly document: string; readonly variables: object }

/** What the console asks at once when a page opens. */
export type View = { readonly name: string; readonly questions: readonly Question[] }

/** Whom and what the seeded entries are of: frequent ones, and ones that hardly ever occur. */
export type Facts = {
  readonly now: number
  readonly owner: string
  readonly key: string
  readonly rareKey: string
  readonly provider: string
  readonly rareProvider: string
}

const hourMs = 3_600_000
const ranges = [
  { name: '1 h', hours: 1, interval: 'HOUR' },
  { name: '24 h', hours: 24, interval: 'HOUR' },
  { name: '7 d', hours: 7 * 24, interval: 'HOUR' },
  { name: '30 d', hours: 30 * 24, interval: 'DAY' },
] as const

const [usage, keys] = await Promise.all([consoleDocuments('usage'), consoleDocuments('keys')])

function ask(name: string, documents: Readonly<Record<string, string>>, document: string, variables: object): Question {
  const text = documents[document]
  if (text === undefined) throw new Error(`the console has no document ${document} any more`)
  return { name, document: text, variables }
}

const spanOf = (now: number, hours: number) => ({
  from: new Date(now - hours * hourMs).toISOString(),
  to: new Date(now).toISOString(),
})

const longest = 30 * 24
const entries = (now: number, name: string, filter: object, page: object = { first: 50 }): Question =>
  ask(`list ${name}`, usage, 'ListEntries', { ...page, filter: { from: spanOf(now, longest).from, ...filter } })

/** What the Logs page can be narrowed to, with what its charts then ask. */
const narrowings = (facts: Facts) =>
  [
    ['everything', {}, {}],
    ['of a user', { ownerId: facts.owner }, { filter: { ownerId: facts.owner } }],
    ['of a key', { keyId: facts.key }, { filter: { keyId: facts.key } }],
    ['of a rare key', { keyId: facts.rareKey }, { filter: { keyId: facts.rareKey } }],
    ['of a provider', { providerId: facts.provider }, { filter: { providerId: facts.provider } }],
    ['of a rare provider', { providerId: facts.rareProvider }, { filter: { providerId: facts.rareProvider } }],
    ['of a model', { model: 'gpt-5' }, { filter: { model: 'gpt-5' } }],
    ['of a rare model', { model: 'rare-model' }, { filter: { model: 'rare-model' } }],
    ['of no model', { model: 'never-asked' }, { filter: { model: 'never-asked' } }],
    ['with a status', { status: [502] }, { groupBy: 'STATUS' }],
    ['with a rare status', { status: [504] }, { groupBy: 'STATUS' }],
    ['with a code', { code: ['rate_limit_exceeded'] }, { groupBy: 'CODE' }],
    ['with a rare code', { code: ['upstream_timeout'] }, { groupBy: 'CODE' }],
    ['with errors', { errorsOnly: true }, { groupBy: 'CODE' }],
    ['of a model with errors', { model: 'gpt-5', errorsOnly: true }, { groupBy: 'CODE', filter: { model: 'gpt-5' } }],
    ['of a user with a code', { ownerId: facts.owner, code: ['rate_limit_exceeded'] }, { groupBy: 'CODE' }],
  ] as const

function logs(facts: Facts): readonly View[] {
  const { now } = facts
  const charts = (hours: number, interval: string, narrowing: object) => [
    ask('charts', usage, 'UsageByGroup', { ...spanOf(now, hours), interval, ...narrowing }),
    ask('models', usage, 'UsageByModel', { ...spanOf(now, hours), ...narrowing }),
  ]
  return [
    ...ranges.map(({ name, hours, interval }) => ({
      name: `Logs, ${name}`,
      questions: [entries(now, '', { from: spanOf(now, hours).from }), ...charts(hours, interval, {})],
    })),
    ...narrowings(facts).map(([name, filter, narrowing]) => ({
      name: `Logs ${name}, 30 d`,
      questions: [entries(now, '', filter), ...charts(longest, 'DAY', narrowing)],
    })),
  ]
}

/** What only scripts ask of the log, and its other pages: the last, and the two beside one in the middle. */
function pages(facts: Facts, middle: string): readonly View[] {
  const { now } = facts
  return [
    {
      name: 'Pages of the log, 30 d',
      questions: [
        entries(now, 'last', {}, { last: 50 }),
        entries(now, 'next in the middle', {}, { first: 50, after: middle }),
        entries(now, 'previous in the middle', {}, { last: 50, before: middle }),
        entries(now, 'last of a rare model', { model: 'rare-model' }, { last: 50 }),
        entries(now, 'last of a user', { ownerId: facts.owner }, { last: 50 }),
        entries(now, 'that a caller left', { end: ['CLIENT_LEFT'] }),
        entries(now, 'that were interrupted', { end: ['INTERRUPTED'] }),
      ],
    },
  ]
}

function charts(facts: Facts): readonly View[] {
  const view = (name: string, hours: number, interval: string, groupBy: string | null, filter: object): View => {
    const span = { ...spanOf(facts.now, hours), filter }
    const measured = hours <= 72 ? 'HOUR' : 'DAY'
    const told = groupBy === null ? [] : [groupBy]
    return {
      name,
      questions: [
        ask('over time', usage, 'UsageByGroup', { ...span, interval }),
        ...told.map((by) => ask('groups over time', usage, 'UsageByGroup', { ...span, interval, groupBy: by })),
        ask('codes', usage, 'UsageByGroup', { ...span, interval, groupBy: 'CODE' }),
        ask('durations', usage, 'MeasuredUsage', { ...span, interval: measured }),
        ask('total', usage, 'MeasuredUsage', { ...span, interval: 'TOTAL' }),
        ...told.map((by) => ask('groups', usage, 'MeasuredUsage', { ...span, interval: 'TOTAL', groupBy: by })),
        ask('models', usage, 'UsageByModel', spanOf(facts.now, hours)),
      ],
    }
  }
  const filters = narrowings(facts).filter(
    ([, filter]) => !('status' in filter || 'code' in filter || 'errorsOnly' in filter),
  )
  return [
    ...ranges.flatMap(({ name, hours, interval }) =>
      [null, 'KEY', 'OWNER', 'PROVIDER', 'MODEL'].map((by) =>
        view(`Usage, ${name}${by === null ? '' : ` by ${by.toLowerCase()}`}`, hours, interval, by, {}),
      ),
    ),
    ...filters.slice(1).map(([name, filter]) => view(`Usage ${name}, 30 d`, longest, 'DAY', null, filter)),
  ]
}

function keyPages({ now, key }: Facts): readonly View[] {
  return [
    {
      name: 'Keys',
      questions: [ask('list', keys, 'ListKeys', { first: 50, orderBy: { field: 'LAST_USED_AT', direction: 'DESC' } })],
    },
    {
      name: 'One key',
      questions: [
        ask('key', keys, 'GetKey', { id: key }),
        ask('usage', usage, 'UsageOverTime', { ...spanOf(now, longest), interval: 'DAY', filter: { keyId: key } }),
        ask('recent', usage, 'ListEntries', { first: 10, filter: { keyId: key } }),
      ],
    },
  ]
}

/** Everything the console asks of usage. `middle` is the cursor of an entry half-way through the log. */
export const viewsOf = (facts: Facts, middle: string): readonly View[] => [
  ...logs(facts),
  ...pages(facts, middle),
  ...charts(facts),
  ...keyPages(facts),
]

/** A question whose answer ends with a cursor half-way through the log. */
export const middleOf = ({ now }: Facts): Question =>
  entries(now, 'middle', { to: spanOf(now, longest / 2).from }, { first: 1 })

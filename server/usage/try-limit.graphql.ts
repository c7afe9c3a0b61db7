import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { result } from '../graphql/result.ts'
import { NotFound } from '../lib/problems.ts'
import { measureFields, targetFields } from '../limits/limit-mutations.graphql.ts'
import { TrialExampleInterface } from './trial-example.graphql.ts'
import { type LimitTrial, MAX_LIMIT_TRIAL_DAYS, tryLimit } from './try-limit.service.ts'
import type { Refused } from './try-limit.store.ts'

const LimitTrialExample = builder.objectRef<Refused>('LimitTrialExample').implement({
  description: 'Requests of one key for one model that a limit would have refused.',
  interfaces: [TrialExampleInterface],
  fields: (t) => ({
    firstAt: t.expose('firstAt', { type: 'DateTime', description: 'About when the first of them came.' }),
  }),
})

const TryLimitInput = builder.inputType('TryLimitInput', {
  description: 'A limit that is not saved, and how far to look back.',
  fields: (t) => ({
    ...targetFields(t),
    ...measureFields(t),
    days: t.int({ description: `How many days to look back, 1 to ${MAX_LIMIT_TRIAL_DAYS}. Default: 7.` }),
  }),
})

const TryLimitSuccess = builder.objectRef<LimitTrial>('TryLimitSuccess').implement({
  description: 'What the limit alone would have done to real requests. Minutes and hours count as those of the clock.',
  fields: (t) => ({
    from: t.expose('from', {
      type: 'DateTime',
      description: 'The beginning of the time looked at: later than asked when there were too many requests.',
    }),
    to: t.expose('to', { type: 'DateTime', description: 'The end of the time looked at.' }),
    requests: t.exposeInt('requests', { description: 'How many requests the limit would have concerned.' }),
    refusedRequests: t.exposeInt('refusedRequests', { description: 'How many of them it would have refused.' }),
    refusedKeys: t.exposeInt('refusedKeys', { description: 'Of how many keys.' }),
    refusedUsers: t.exposeInt('refusedUsers', { description: 'Of how many users.' }),
    passedOnRequests: t.exposeInt('passedOnRequests', {
      description:
        'Of a limit on a member of pools: how many requests another member would have been asked for instead.',
    }),
    unpricedRequests: t.exposeInt('unpricedRequests', {
      description:
        'Of a limit of money: how many of the requests were for models that have no price now. They are among those ' +
        'refused, unless the limit lets them pass; then they cost nothing of it.',
    }),
    examples: t.field({
      type: [LimitTrialExample],
      description: 'Up to 10 of them, those with the most requests first.',
      resolve: ({ examples }) => [...examples],
    }),
  }),
})

builder.queryField('tryLimit', (t) =>
  t.field({
    type: TryLimitSuccess,
    description:
      'Tries a limit against the requests of the last days before it is saved. For administrators and auditors.',
    authScopes: { reader: true },
    args: { input: t.arg({ type: TryLimitInput, required: true, description: 'The limit to try.' }) },
    errors: result('tryLimit', [NotFound]),
    resolve: (_root, { input }, context) => tryLimit(signedIn(context), input),
  }),
)

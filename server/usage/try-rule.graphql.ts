import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { result } from '../graphql/result.ts'
import { NotFound } from '../lib/problems.ts'
import { termFields } from '../rules/rule-mutations.graphql.ts'
import { MAX_TRIAL_DAYS, type RuleTrial, type TrialExample, type TrialSum } from './rule-trial.ts'
import { TrialExampleInterface } from './trial-example.graphql.ts'
import { tryRule } from './try-rule.service.ts'

const RuleTrialSum = builder.objectRef<TrialSum>('RuleTrialSum').implement({
  description: 'How much a rule would have changed.',
  fields: (t) => ({
    requests: t.exposeInt('requests', { description: 'How many requests.' }),
    keys: t.exposeInt('keys', { description: 'Of how many keys.' }),
    users: t.exposeInt('users', { description: 'Of how many users.' }),
  }),
})

const RuleTrialExample = builder.objectRef<TrialExample>('RuleTrialExample').implement({
  description: 'Requests of one key for one model that a rule would have changed.',
  interfaces: [TrialExampleInterface],
  fields: (t) => ({
    allowed: t.exposeBoolean('allowed', { description: 'True: they would now be allowed. False: refused.' }),
  }),
})

const TryRuleInput = builder.inputType('TryRuleInput', {
  description: 'A rule that is not saved, and how far to look back.',
  fields: (t) => ({
    ruleId: t.id({ description: 'The rule whose place it would take. Null: it would be a new one.' }),
    enabled: t.boolean({ description: 'False: what came of switching it off. Default: true.' }),
    ...termFields(t),
    days: t.int({ description: `How many days to look back, 1 to ${MAX_TRIAL_DAYS}. Default: 7.` }),
  }),
})

const TryRuleSuccess = builder.objectRef<RuleTrial>('TryRuleSuccess').implement({
  description:
    'What the rule would have done to real requests, with people, groups and all other rules as they are now.',
  fields: (t) => ({
    from: t.expose('from', { type: 'DateTime', description: 'The beginning of the time looked at.' }),
    to: t.expose('to', { type: 'DateTime', description: 'The end of the time looked at.' }),
    requests: t.exposeInt('requests', { description: 'How many requests were looked at.' }),
    newlyRefused: t.expose('newlyRefused', {
      type: RuleTrialSum,
      description: 'Requests that the rules as they are allow, and would not with this one.',
    }),
    newlyAllowed: t.expose('newlyAllowed', {
      type: RuleTrialSum,
      description: 'Requests that the rules as they are refuse, and would not with this one.',
    }),
    examples: t.field({
      type: [RuleTrialExample],
      description: 'Up to 10 of them, those with the most requests first.',
      resolve: ({ examples }) => [...examples],
    }),
  }),
})

builder.queryField('tryRule', (t) =>
  t.field({
    type: TryRuleSuccess,
    description:
      'Tries a rule against the requests of the last days before it is saved. For administrators and auditors.',
    authScopes: { reader: true },
    args: { input: t.arg({ type: TryRuleInput, required: true, description: 'The rule to try.' }) },
    errors: result('tryRule', [NotFound]),
    resolve: (_root, { input }, context) => tryRule(signedIn(context), input),
  }),
)

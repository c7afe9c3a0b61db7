import { builder } from '../graphql/builder.ts'
import { problem } from '../graphql/problems.ts'
import {
  FieldRequired,
  KeyTypeInUse,
  LifetimeTooLong,
  NamingRuleViolated,
  ProviderNotAllowed,
  TooManyKeys,
} from './policy-check.ts'

/** What a policy can refuse; members of the result unions of every verb that makes or changes a key. */
export const POLICY_PROBLEMS = [NamingRuleViolated, LifetimeTooLong, FieldRequired, TooManyKeys, ProviderNotAllowed]

builder.objectType(NamingRuleViolated, {
  name: 'NamingRuleViolated',
  ...problem('The policy of the key type asks for names of another form.'),
  fields: (t) => ({
    pattern: t.exposeString('pattern', { description: 'The regular expression that the whole name must match.' }),
    examples: t.exposeStringList('examples', { description: 'Names that do.' }),
  }),
})

builder.objectType(LifetimeTooLong, {
  name: 'LifetimeTooLong',
  ...problem('The key would live longer than its type may, or for ever.'),
  fields: (t) => ({
    maxLifetimeDays: t.exposeInt('maxLifetimeDays', {
      nullable: true,
      description: 'Days from the making of its current secret; null: any, but not for ever.',
    }),
    latestExpiresAt: t.expose('latestExpiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'The last instant that would do; null: any.',
    }),
  }),
})

builder.objectType(FieldRequired, {
  name: 'FieldRequired',
  ...problem('Keys of this type must say something that this one does not, or one of some choices.'),
  fields: (t) => ({
    field: t.exposeString('field', { description: '`purpose`, `application`, `environment` or an own field.' }),
    choices: t.exposeStringList('choices', { description: 'What it may be; empty: any text.' }),
  }),
})

builder.objectType(TooManyKeys, {
  name: 'TooManyKeys',
  ...problem('The owner has as many keys of this type as a person may have.'),
  fields: (t) => ({ maxKeysPerUser: t.exposeInt('maxKeysPerUser', { description: 'How many that is.' }) }),
})

builder.objectType(ProviderNotAllowed, {
  name: 'ProviderNotAllowed',
  ...problem('Keys of this type may not open this provider.'),
})

builder.objectType(KeyTypeInUse, {
  name: 'KeyTypeInUse',
  ...problem('The key type comes with the product, or there are keys of it.'),
})

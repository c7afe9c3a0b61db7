import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { EndpointEnum } from '../keys/restriction.graphql.ts'
import type { AccessExplanation as Explanation, AccessVerdict as Verdict } from './access.ts'
import { explainAccess } from './explain.service.ts'

export const AccessLayer = builder.enumType('AccessLayer', {
  description: 'Where a "no" can come from, in the order in which a request meets them.',
  values: {
    KEY: { description: 'The key, its owner or its provider is not in use.' },
    ADDRESS: { description: 'The networks a key is restricted to.' },
    PROVIDER_MODELS: {
      description: 'What a provider can be asked for: the models it enables, and of a pool what its members do.',
    },
    KEY_RESTRICTION: { description: 'The endpoints and models a key is restricted to.' },
    RULE: { description: 'Rules: one that denies, or none that allows.' },
    LIMIT: { description: 'Limits and budgets.' },
  },
} as const)

const AccessVerdict = builder.objectRef<Verdict>('AccessVerdict').implement({
  description: 'What one layer says to a request.',
  fields: (t) => ({
    layer: t.expose('layer', { type: AccessLayer, description: 'The layer.' }),
    allowed: t.exposeBoolean('allowed', { description: 'False: it would refuse the request.' }),
    message: t.exposeString('message', { description: 'A sentence that can be shown to people.' }),
    id: t.exposeID('id', {
      nullable: true,
      description: 'The key, provider or rule that says so; null: no rule allows it.',
    }),
    name: t.exposeString('name', {
      nullable: true,
      description: 'Its name; null without an id, and of rules for everybody but administrators and auditors.',
    }),
  }),
})

export const AccessExplanation = builder.objectRef<Explanation>('AccessExplanation').implement({
  description: 'What would come of a request, and why. Nothing was asked of a provider, nothing was counted.',
  fields: (t) => ({
    allowed: t.boolean({
      description: 'True when every layer but limits allows it; `limits` has what those say.',
      resolve: ({ verdicts }) => verdicts.every(({ allowed }) => allowed),
    }),
    refusedBy: t.field({
      type: AccessVerdict,
      nullable: true,
      description: 'The first layer that refuses it: what the caller would be told. Null: none does.',
      resolve: ({ verdicts }) => verdicts.find(({ allowed }) => !allowed) ?? null,
    }),
    verdicts: t.field({
      type: [AccessVerdict],
      description: 'What each layer says, in the order in which a request meets them.',
      resolve: ({ verdicts }) => [...verdicts],
    }),
  }),
})

builder.queryField('explainAccess', (t) =>
  t.field({
    type: AccessExplanation,
    nullable: true,
    description:
      'Whether a request would be allowed, and by what. For administrators and auditors about everybody, for users ' +
      'about themselves and their own keys. Null when one of the ids does not exist or is not yours to see.',
    authScopes: { signedIn: true },
    args: {
      keyId: t.arg.id({ description: 'The key; it says which user and provider.' }),
      userId: t.arg.id({ description: 'The user. Default: the owner of the key, else yourself.' }),
      providerId: t.arg.id({ description: 'The provider; needed without a key.' }),
      model: t.arg.string({ required: true, description: 'The model that would be asked for.' }),
      endpoint: t.arg({ type: EndpointEnum, description: 'The endpoint, when its restriction is to be looked at.' }),
      address: t.arg.string({ description: "The caller's address, when its restriction is to be looked at." }),
    },
    resolve: (_root, question, context) => explainAccess(signedIn(context), question),
  }),
)

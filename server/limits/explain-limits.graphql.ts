import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { AccessExplanation } from '../rules/explain.graphql.ts'
import { explainLimits, type LimitVerdict } from './explain-limits.service.ts'
import { Limit } from './limits.graphql.ts'

const LimitVerdictRef = builder.objectRef<LimitVerdict>('LimitVerdict').implement({
  description: 'What one limit would say to a request now.',
  fields: (t) => ({
    limit: t.field({
      type: Limit,
      description: 'The limit, with what is used and left of it and when it resets.',
      resolve: ({ limit }) => limit,
    }),
    allowed: t.exposeBoolean('allowed', { description: 'False: it would refuse the request.' }),
    message: t.exposeString('message', { description: 'A sentence that can be shown to people.' }),
  }),
})

builder.objectField(AccessExplanation, 'limits', (t) =>
  t.field({
    type: [LimitVerdictRef],
    description:
      'What each enabled limit that concerns the request would say now, the oldest first, to a request that names no ' +
      'maximum of tokens. It comes after all other layers. At most seconds late; nothing is counted.',
    resolve: async (explanation, _args, context) => [...(await explainLimits(signedIn(context), explanation))],
  }),
)

import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { result } from '../graphql/result.ts'
import { reportLeakedKey } from './leaks.service.ts'

const ReportLeakedKeyInput = builder.inputType('ReportLeakedKeyInput', {
  description: 'A text in which whole secrets of keys were found.',
  fields: (t) => ({
    text: t.string({ required: true, description: 'The text, with one or more whole secrets. It is not stored.' }),
    url: t.string({ description: 'Where it was found; stored with the audit entry.' }),
  }),
})

const ReportLeakedKeySuccess = builder.objectRef<{ matchedCount: number }>('ReportLeakedKeySuccess').implement({
  description: 'Keys whose secret stood in the text no longer work, and never will again.',
  fields: (t) => ({
    matchedCount: t.exposeInt('matchedCount', { description: 'How many secrets of this installation there were.' }),
  }),
})

builder.mutationField('reportLeakedKey', (t) =>
  t.field({
    type: ReportLeakedKeySuccess,
    description: 'Ends every key whose whole secret is shown here, and tells its owner. Anybody may report a leak.',
    authScopes: { signedIn: true, write: true },
    args: { input: t.arg({ type: ReportLeakedKeyInput, required: true, description: 'What was found.' }) },
    errors: result('reportLeakedKey', []),
    resolve: async (_root, { input }, context) => ({
      matchedCount: await reportLeakedKey(signedIn(context), input),
    }),
  }),
)

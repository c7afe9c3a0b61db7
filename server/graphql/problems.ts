import { InvalidInput, NameTaken, NotFound, type Problem } from '../lib/problems.ts'
import { builder } from './builder.ts'

/** The interface of every fact that can stop a mutation. */
export const ProblemInterface = builder.interfaceRef<Problem>('Problem').implement({
  description: 'A fact that stopped a mutation. Nothing was changed.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'A sentence that can be shown to people.' }),
  }),
})

/** The options of a problem's type: `builder.objectType(NameTaken, { name: 'NameTaken', ...problem('…') })`. */
export const problem = (description: string) => ({ description, interfaces: [ProblemInterface] })

const InputIssue = builder.objectRef<InvalidInput['issues'][number]>('InputIssue').implement({
  description: 'One value of the input that is not acceptable.',
  fields: (t) => ({
    path: t.exposeString('path', { description: 'The input member, dots between levels; empty for the whole.' }),
    message: t.exposeString('message', { description: 'What is wrong with it.' }),
  }),
})

builder.objectType(InvalidInput, {
  name: 'InvalidInput',
  ...problem('A value of the input is not acceptable.'),
  fields: (t) => ({
    issues: t.field({
      type: [InputIssue],
      description: 'Everything that is wrong, not only the first.',
      resolve: ({ issues }) => [...issues],
    }),
  }),
})

builder.objectType(NotFound, { name: 'NotFound', ...problem('It does not exist, or it is not yours to see.') })
builder.objectType(NameTaken, { name: 'NameTaken', ...problem('Another one has this name already.') })

import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { idInput } from '../graphql/input.ts'
import { problem } from '../graphql/problems.ts'
import { result } from '../graphql/result.ts'
import { NameTaken, NotFound } from '../lib/problems.ts'
import { GroupInUse, MAX_MEMBERS_AT_ONCE, type Group as Row } from './group.ts'
import { Group } from './groups.graphql.ts'
import { createGroup, deleteGroup, updateGroup } from './groups.service.ts'

builder.objectType(GroupInUse, {
  name: 'GroupInUse',
  ...problem('Something relies on the group, and has to be changed or deleted first.'),
  fields: (t) => ({
    ruleCount: t.int({ description: 'How many rules name it.', resolve: ({ uses }) => uses.rules }),
    limitCount: t.int({ description: 'How many limits name it.', resolve: ({ uses }) => uses.limits }),
    policyCount: t.int({
      description: 'How many policies have its members approve keys.',
      resolve: ({ uses }) => uses.policies,
    }),
    reviewCount: t.int({
      description: 'How many open reviews its members answer.',
      resolve: ({ uses }) => uses.reviews,
    }),
  }),
})

const scopes = { administrator: true, write: true } as const

const NAME = '3 to 64 characters, unique among the groups that are not deleted.'
const PEOPLE = `up to ${MAX_MEMBERS_AT_ONCE} at once`

const successOf = (name: string, description: string) =>
  builder.objectRef<Row>(name).implement({
    description,
    fields: (t) => ({ group: t.field({ type: Group, description: 'The group.', resolve: (group) => group }) }),
  })

const CreateGroupInput = builder.inputType('CreateGroupInput', {
  description: 'A new group.',
  fields: (t) => ({
    name: t.string({ required: true, description: NAME }),
    memberIds: t.idList({ description: `The people, ${PEOPLE}. Default: nobody.` }),
  }),
})

builder.mutationField('createGroup', (t) =>
  t.field({
    type: successOf('CreateGroupSuccess', 'The group was made.'),
    description: 'Makes a group. For administrators.',
    authScopes: scopes,
    args: { input: t.arg({ type: CreateGroupInput, required: true, description: 'The new group.' }) },
    errors: result('createGroup', [NameTaken, NotFound]),
    resolve: (_root, { input }, context) => createGroup(signedIn(context), input),
  }),
)

const UpdateGroupInput = builder.inputType('UpdateGroupInput', {
  description: 'What to change about a group. What is left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The group.' }),
    name: t.string({ description: NAME }),
    addMemberIds: t.idList({ description: `People to add, ${PEOPLE}. Members stay members.` }),
    removeMemberIds: t.idList({ description: `People to take out, ${PEOPLE}; they win over those to add.` }),
  }),
})

builder.mutationField('updateGroup', (t) =>
  t.field({
    type: successOf('UpdateGroupSuccess', 'The group is as wished.'),
    description: 'Renames a group, adds and removes people; their keys follow at once. For administrators.',
    authScopes: scopes,
    args: { input: t.arg({ type: UpdateGroupInput, required: true, description: 'What to change.' }) },
    errors: result('updateGroup', [NotFound, NameTaken]),
    resolve: (_root, { input }, context) => updateGroup(signedIn(context), input),
  }),
)

builder.mutationField('deleteGroup', (t) =>
  t.field({
    type: successOf('DeleteGroupSuccess', 'The group is deleted.'),
    description: 'Deletes a group that no rule, limit, policy or open review names. For administrators.',
    authScopes: scopes,
    args: { input: t.arg({ type: idInput('DeleteGroupInput', 'group'), required: true, description: 'Which group.' }) },
    errors: result('deleteGroup', [NotFound, GroupInUse]),
    resolve: (_root, { input }, context) => deleteGroup(signedIn(context), input.id),
  }),
)

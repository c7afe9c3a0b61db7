import { builder } from '../graphql/builder.ts'
import { named } from '../graphql/connection.ts'
import { signedIn } from '../graphql/context.ts'
import { idInput } from '../graphql/input.ts'
import { problem } from '../graphql/problems.ts'
import { result } from '../graphql/result.ts'
import { NotFound } from '../lib/problems.ts'
import { expireAll, listEmergencies, type Preview, previewEmergency, undoEmergency } from './emergency.service.ts'
import type { BusyKey, Operation } from './emergency.store.ts'
import { ConfirmationWrong, UndoWindowClosed, undoableUntil } from './emergency.ts'

builder.objectType(ConfirmationWrong, {
  name: 'ConfirmationWrong',
  ...problem('The confirmation is not what the preview says has to be typed.'),
})
builder.objectType(UndoWindowClosed, {
  name: 'UndoWindowClosed',
  ...problem('The emergency was undone before, or more than 60 minutes have passed.'),
})

const EmergencyScopeEnum = builder.enumType('EmergencyScope', {
  description: 'Whose keys end.',
  values: {
    USER: { description: 'All keys of one owner.' },
    GROUP: { description: 'All keys of the members of one group.' },
    PROVIDER: { description: 'All keys of one provider.' },
    ALL: { description: 'Every key.' },
  },
})

const BusyKeyType = builder.objectRef<BusyKey>('BusyKey').implement({
  description: 'A key that an emergency would end though something calls with it.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The key.' }),
    name: t.exposeString('name', { description: 'Its name.' }),
    application: t.exposeString('application', { nullable: true, description: 'What uses it; null: not said.' }),
    ownerName: t.exposeString('ownerName', { description: 'The display name of its owner.' }),
    requestCount: t.exposeFloat('requestCount', {
      description: 'How many requests came with it in the last 24 hours.',
    }),
  }),
})

const EmergencyPreview = builder.objectRef<Preview>('EmergencyPreview').implement({
  description: 'What an emergency would break. Nothing was changed.',
  fields: (t) => ({
    subjectName: t.exposeString('subjectName', { nullable: true, description: 'Who or what it is about; null: all.' }),
    keyCount: t.exposeInt('keyCount', { description: 'How many living keys would end.' }),
    usedKeyCount: t.exposeInt('usedKeyCount', { description: 'How many of them were used in the last 24 hours.' }),
    requestCount: t.exposeFloat('requestCount', { description: 'How many requests they made in the last 24 hours.' }),
    ownerCount: t.exposeInt('ownerCount', { description: 'How many people own the keys that were used.' }),
    applicationCount: t.exposeInt('applicationCount', {
      description: 'How many applications the keys that were used are for, as far as that is said.',
    }),
    busiest: t.field({
      type: [BusyKeyType],
      description: 'The keys that were used most, up to 20.',
      resolve: ({ busiest }) => busiest,
    }),
    confirmation: t.exposeString('confirmation', { description: 'What has to be typed to go on.' }),
  }),
})

const EmergencyOperation = builder.objectRef<Operation>('EmergencyOperation').implement({
  description: 'Many keys ended at once. For administrators and auditors.',
  authScopes: { reader: true },
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id; each audit entry of a key has it.' }),
    scope: t.expose('scope', { type: EmergencyScopeEnum, description: 'Whose keys.' }),
    subjectId: t.exposeID('subjectId', { nullable: true, description: 'The user, group or provider; null: all.' }),
    subjectName: t.exposeString('subjectName', { nullable: true, description: 'Its name then; null: all.' }),
    actorName: t.exposeString('actorName', { description: 'Who did it.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it began.' }),
    totalKeys: t.exposeInt('totalKeys', { description: 'How many keys were to end.' }),
    endedKeys: t.exposeInt('endedKeys', { description: 'How many have ended so far.' }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When all had; null: it goes on.',
    }),
    undoneAt: t.expose('undoneAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was undone; null: never.',
    }),
    undoableUntil: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'The last instant at which it can be undone; null: it was undone.',
      resolve: (operation) => undoableUntil(operation),
    }),
    requestId: t.exposeString('requestId', {
      nullable: true,
      description: 'The request it began with: the audit entries of its keys have it too. Null: none.',
    }),
    restoredKeys: t.exposeInt('restoredKeys', { description: 'How many keys have got their expiry back so far.' }),
    restoredAt: t.expose('restoredAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When all had that could; null: it was not undone, or it goes on.',
    }),
  }),
})

builder.queryFields((t) => ({
  previewEmergency: t.field({
    type: EmergencyPreview,
    nullable: true,
    description: 'What ending many keys at once would break; null: there is no such user, group or provider.',
    authScopes: { reader: true },
    args: {
      scope: t.arg({ type: EmergencyScopeEnum, description: 'Whose keys. Default: ALL.' }),
      targetId: t.arg.id({ description: 'The user, group or provider; not with ALL.' }),
    },
    resolve: (_root, { scope, targetId }, context) =>
      previewEmergency(signedIn(context), { scope: scope ?? 'ALL', id: targetId ?? null }),
  }),
  emergencyOperations: t.connection(
    {
      type: EmergencyOperation,
      description: 'Emergencies so far, the newest first, with their progress. For administrators and auditors.',
      authScopes: { reader: true },
      resolve: (_root, page, context) => listEmergencies(signedIn(context), page),
    },
    ...named('EmergencyOperation'),
  ),
}))

const scopes = { signedIn: true, write: true, administrator: true } as const

const successOf = (name: string, description: string) =>
  builder.objectRef<Operation>(name).implement({
    description,
    fields: (t) => ({
      operation: t.field({
        type: EmergencyOperation,
        description: 'The operation, with its progress.',
        resolve: (operation) => operation,
      }),
    }),
  })

const ExpireAllInput = builder.inputType('ExpireAllInput', {
  description: 'Whose keys end, and the word that says it is meant.',
  fields: (t) => ({
    scope: t.field({ type: EmergencyScopeEnum, required: true, description: 'Whose keys.' }),
    id: t.id({ description: 'The user, group or provider; not with ALL.' }),
    confirm: t.string({ required: true, description: 'What `previewEmergency` says has to be typed.' }),
  }),
})

builder.mutationField('expireAll', (t) =>
  t.field({
    type: successOf('ExpireAllSuccess', 'The keys no longer work; very many go on ending by themselves.'),
    description: 'Ends every key of a user, a group, a provider, or of everybody, at once.',
    authScopes: scopes,
    args: { input: t.arg({ type: ExpireAllInput, required: true, description: 'Whose keys.' }) },
    errors: result('expireAll', [NotFound, ConfirmationWrong]),
    resolve: (_root, { input }, context) => expireAll(signedIn(context), { ...input, id: input.id ?? null }),
  }),
)

builder.mutationField('undoEmergency', (t) =>
  t.field({
    type: successOf(
      'UndoEmergencySuccess',
      'The keys have the expiry that they had before; very many go on getting it by themselves.',
    ),
    description: 'Takes an emergency back within 60 minutes; never for a key that was reported as leaked.',
    authScopes: scopes,
    args: {
      input: t.arg({ type: idInput('UndoEmergencyInput', 'operation'), required: true, description: 'The operation.' }),
    },
    errors: result('undoEmergency', [NotFound, UndoWindowClosed]),
    resolve: (_root, { input }, context) => undoEmergency(signedIn(context), input.id),
  }),
)

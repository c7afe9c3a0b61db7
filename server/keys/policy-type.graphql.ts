import { builder } from '../graphql/builder.ts'
import type { PolicyField as PolicyFieldNoun, Policy as PolicyNoun } from './policy.ts'
import { EndpointEnum } from './restriction.graphql.ts'

export const KeyDetailEnum = builder.enumType('KeyDetail', {
  description: "What of a key's own values a policy can demand.",
  values: {
    PURPOSE: { description: 'What it is for.' },
    APPLICATION: { description: 'What uses it.' },
    ENVIRONMENT: { description: 'Where it is used.' },
  },
})

const PolicyField = builder.objectRef<PolicyFieldNoun>('PolicyField').implement({
  description: 'A field that keys of a type have in this installation.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name.' }),
    required: t.exposeBoolean('required', { description: 'True: every key must have a value.' }),
    choices: t.exposeStringList('choices', { description: 'What the value may be; empty: any text.' }),
  }),
})

export const Policy = builder.objectRef<PolicyNoun>('Policy').implement({
  description: 'How keys of one type are made. It governs keys made or changed after it.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id.' }),
    keyType: t.exposeString('keyType', { description: 'The key type, one of `keyTypes`.' }),
    namingPattern: t.exposeString('namingPattern', {
      nullable: true,
      description: 'A regular expression that the whole name must match; null: any name will do.',
    }),
    namingExamples: t.exposeStringList('namingExamples', { description: 'Names that match.' }),
    namingCounterexamples: t.exposeStringList('namingCounterexamples', { description: 'Names that do not.' }),
    requiredDetails: t.expose('requiredDetails', { type: [KeyDetailEnum], description: 'What every key must say.' }),
    fields: t.field({ type: [PolicyField], description: 'Own fields.', resolve: ({ fields }) => [...fields] }),
    defaultLifetimeDays: t.exposeInt('defaultLifetimeDays', {
      nullable: true,
      description: 'Days a new key lives if nobody says otherwise; null: 90, or the maximum if that is less.',
    }),
    maxLifetimeDays: t.exposeInt('maxLifetimeDays', {
      nullable: true,
      description: 'Days a key may live from the making of its current secret; null: any number.',
    }),
    neverAllowed: t.exposeBoolean('neverAllowed', { description: 'True: a key may be made to never expire.' }),
    approvalRequired: t.exposeBoolean('approvalRequired', {
      description: 'True: a key works only after somebody else has approved it.',
    }),
    approverGroupId: t.exposeID('approverGroupId', {
      nullable: true,
      description: 'The group whose members approve beside administrators; null: only administrators.',
    }),
    maxKeysPerUser: t.exposeInt('maxKeysPerUser', {
      nullable: true,
      description: 'How many living keys of this type a person may have; null: any number.',
    }),
    providerIds: t.exposeIDList('providerIds', { description: 'The providers they may open; empty: all.' }),
    models: t.exposeStringList('models', { description: 'The models a new key is restricted to; empty: all.' }),
    addresses: t.exposeStringList('addresses', { description: 'The networks a new key works from; empty: all.' }),
    endpoints: t.expose('endpoints', { type: [EndpointEnum], description: 'The endpoints of a new key; empty: all.' }),
    idleDays: t.exposeInt('idleDays', {
      nullable: true,
      description: 'Days without a request after which a key expires; null: never for this reason.',
    }),
    rotationDays: t.exposeInt('rotationDays', {
      nullable: true,
      description: 'Days after which its owner is told to rotate; null: never.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
  }),
})

const PolicyFieldInput = builder.inputType('PolicyFieldInput', {
  description: 'A field that keys of a type have in this installation.',
  fields: (t) => ({
    name: t.string({ required: true, description: '1 to 64 characters, unique among the fields of the policy.' }),
    required: t.boolean({ required: true, description: 'True: every key must have a value.' }),
    choices: t.stringList({ required: true, description: 'What the value may be, up to 50; empty: any text.' }),
  }),
})

export const PolicyRulesInput = builder.inputType('PolicyRulesInput', {
  description: 'How keys are made. What is left out stays as it is; null takes a rule away.',
  fields: (t) => ({
    namingPattern: t.string({
      description: 'A regular expression that the whole name must match, without look-around and back-references.',
    }),
    namingExamples: t.stringList({ description: 'Names that must match, up to 10; at least one with a pattern.' }),
    namingCounterexamples: t.stringList({ description: 'Names that must not match, up to 10.' }),
    requiredDetails: t.field({ type: [KeyDetailEnum], description: 'What every key must say.' }),
    fields: t.field({ type: [PolicyFieldInput], description: 'Own fields, up to 20.' }),
    defaultLifetimeDays: t.int({ description: 'Days a new key lives if nobody says otherwise, 1 to 3650.' }),
    maxLifetimeDays: t.int({ description: 'Days a key may live from the making of its current secret, 1 to 3650.' }),
    neverAllowed: t.boolean({ description: 'True: a key may be made to never expire. Not together with a maximum.' }),
    approvalRequired: t.boolean({ description: 'True: a key works only after somebody else has approved it.' }),
    approverGroupId: t.id({ description: 'The group whose members approve beside administrators.' }),
    maxKeysPerUser: t.int({ description: 'How many living keys of this type a person may have.' }),
    providerIds: t.idList({ description: 'The providers they may open; empty: all.' }),
    models: t.stringList({ description: 'Models a new key is restricted to when its maker says nothing.' }),
    addresses: t.stringList({ description: 'Networks a new key works from when its maker says nothing.' }),
    endpoints: t.field({ type: [EndpointEnum], description: 'Endpoints of a new key when its maker says nothing.' }),
    idleDays: t.int({ description: 'Days without a request after which a key expires, 1 to 3650.' }),
    rotationDays: t.int({ description: 'Days after which its owner is told to rotate, 1 to 3650.' }),
  }),
})

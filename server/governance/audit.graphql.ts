import { builder } from '../graphql/builder.ts'
import { named, orderInput } from '../graphql/connection.ts'
import { signedIn } from '../graphql/context.ts'
import { type ChainCheck, listAuditEntries, verifyAuditChain } from './audit.service.ts'
import type { AuditEntryRow } from './audit.store.ts'
import type { Checkpoint } from './audit-checkpoint.ts'

const AuditEntry = builder.objectRef<AuditEntryRow>('AuditEntry').implement({
  description: 'One change or sign-in event, chained to the one before by its hash. For administrators and auditors.',
  authScopes: { reader: true },
  fields: (t) => ({
    seq: t.expose('seq', { type: 'BigInt', description: 'Its number, without gaps.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When it happened.' }),
    actorId: t.exposeID('actorId', { nullable: true, description: 'Who did it; null: the system, or nobody known.' }),
    actorName: t.exposeString('actorName', { description: 'The username as it was then, or `system`.' }),
    via: t.exposeString('via', { description: '`session`, `access_token`, `setup`, `sign_in` or `system`.' }),
    address: t.exposeString('address', {
      nullable: true,
      description: 'The network address it came from; null: from inside.',
    }),
    requestId: t.exposeString('requestId', { nullable: true, description: 'The request it came with; null: none.' }),
    action: t.exposeString('action', { description: 'What was done, as the mutation is named.' }),
    subjectType: t.exposeString('subjectType', { description: 'The type of what it was done to.' }),
    subjectId: t.exposeID('subjectId', {
      nullable: true,
      description: 'What it was done to; null: nothing with an id.',
    }),
    subjectName: t.exposeString('subjectName', {
      nullable: true,
      description: 'Its name as it was then; null: it has none.',
    }),
    before: t.expose('before', {
      type: 'JSON',
      nullable: true,
      description: 'What changed, as it was. Never a secret.',
    }),
    after: t.expose('after', {
      type: 'JSON',
      nullable: true,
      description: 'What changed, as it is now. Never a secret.',
    }),
    hash: t.string({
      description: 'SHA-256 over the hash of the entry before and everything this one says, in hexadecimal.',
      resolve: ({ hash }) => Buffer.from(hash).toString('hex'),
    }),
  }),
})

const AuditEntryFilter = builder.inputType('AuditEntryFilter', {
  description: 'Narrows the audit log; what is given must all hold.',
  fields: (t) => ({
    actorId: t.id({ description: 'What this person did.' }),
    subjectType: t.string({ description: 'What was done to things of this type.' }),
    subjectId: t.id({ description: 'What was done to this thing.' }),
    action: t.string({ description: 'Only this action.' }),
    from: t.field({ type: 'DateTime', description: 'At or after this instant.' }),
    to: t.field({ type: 'DateTime', description: 'Before this instant.' }),
    actorName: t.string({ description: 'What somebody of this username did; `system` for the system.' }),
    address: t.string({ description: 'Only from this network address.' }),
    requestId: t.string({ description: 'What came with this request: everything of one emergency, for example.' }),
  }),
})

const AuditEntryOrder = orderInput('AuditEntry', { AT: { description: 'When it happened.' } })

builder.queryField('auditEntries', (t) =>
  t.connection(
    {
      type: AuditEntry,
      description: 'The audit log. For administrators and auditors.',
      authScopes: { reader: true },
      args: {
        filter: t.arg({ type: AuditEntryFilter, description: 'Only these.' }),
        orderBy: t.arg({ type: AuditEntryOrder, description: 'Default: the newest first.' }),
      },
      resolve: (_root, { filter, orderBy, ...page }, context) =>
        listAuditEntries(signedIn(context), page, filter ?? {}, orderBy?.direction),
    },
    ...named('AuditEntry'),
  ),
)

const AuditCheckpoint = builder.objectRef<Checkpoint>('AuditCheckpoint').implement({
  description: 'Where the audit log begins after entries that were too old were removed. Signed with the master key.',
  fields: (t) => ({
    seq: t.expose('seq', { type: 'BigInt', description: 'The number of the last removed entry.' }),
    hash: t.string({
      description: 'Its hash, in hexadecimal: the first entry that is left follows it.',
      resolve: ({ hash }) => Buffer.from(hash).toString('hex'),
    }),
    entries: t.expose('entries', { type: 'BigInt', description: 'How many were removed in all.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When the last of them were removed.' }),
  }),
})

const AuditChainCheck = builder.objectRef<ChainCheck>('AuditChainCheck').implement({
  description: 'What came of computing every hash of the audit log again.',
  fields: (t) => ({
    entries: t.exposeInt('entries', {
      description: 'How many entries are proven, from the checkpoint or the first one on.',
    }),
    head: t.string({
      description: 'The hash of the last proven entry, in hexadecimal: kept elsewhere, it proves the log up to there.',
      resolve: ({ head }) => Buffer.from(head).toString('hex'),
    }),
    brokenAt: t.expose('brokenAt', {
      type: 'BigInt',
      nullable: true,
      description:
        'The first entry that is missing, moved or edited, or a checkpoint that is not genuine; null: the chain is whole.',
    }),
    checkpoint: t.field({
      type: AuditCheckpoint,
      nullable: true,
      description: 'What the proof begins at; null: at the first entry.',
      resolve: ({ checkpoint }) => checkpoint,
    }),
  }),
})

builder.queryField('verifyAuditChain', (t) =>
  t.field({
    type: AuditChainCheck,
    description:
      'Proves that nothing was taken out of the audit log or changed in it. For administrators and auditors.',
    authScopes: { reader: true },
    resolve: (_root, _args, { parts }) => verifyAuditChain(parts),
  }),
)

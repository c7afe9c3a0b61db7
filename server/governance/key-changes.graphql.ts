import { builder } from '../graphql/builder.ts'
import { named } from '../graphql/connection.ts'
import { signedIn } from '../graphql/context.ts'
import { ApiKey } from '../keys/keys.graphql.ts'
import { listAuditEntries } from './audit.service.ts'
import type { AuditEntryRow } from './audit.store.ts'

const KeyChange = builder.objectRef<AuditEntryRow>('KeyChange').implement({
  description: 'One change of a key, as the audit log has it. From which address it came is for administrators.',
  fields: (t) => ({
    seq: t.expose('seq', { type: 'BigInt', description: 'The number of its audit entry.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When it happened.' }),
    actorName: t.exposeString('actorName', { description: 'The username as it was then, or `system`.' }),
    action: t.exposeString('action', { description: 'What was done, as the mutation is named.' }),
    before: t.expose('before', { type: 'JSON', nullable: true, description: 'What changed, as it was.' }),
    after: t.expose('after', { type: 'JSON', nullable: true, description: 'What changed, as it is now.' }),
  }),
})

builder.objectField(ApiKey, 'changes', (t) =>
  t.connection(
    {
      type: KeyChange,
      description: 'Its history, the newest change first, for whoever may see the key.',
      resolve: ({ id }, page, context) =>
        listAuditEntries(signedIn(context), page, { subjectType: 'ApiKey', subjectId: id }),
    },
    ...named('KeyChange'),
  ),
)

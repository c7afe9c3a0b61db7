import { createPublicKey } from 'node:crypto'
import { z } from 'zod'
import * as store from '../keys/key-requests.store.ts'
import { change } from '../lib/change.ts'
import { differences } from '../lib/differences.ts'
import { name, parse } from '../lib/text.ts'
import type { Act } from '../users/viewer.ts'

export type GovernanceSettings = store.GovernanceSettings

function isPublicKey(pem: string): boolean {
  try {
    return createPublicKey(pem).type === 'public'
  } catch {
    return false
  }
}

const schema = z.object({
  selfApprovalAllowed: z.boolean().nullish(),
  requestDays: z.int('must be whole days.').min(1, 'must be 1 or more.').max(365, 'must be 365 or less.').nullish(),
  administratorsTold: z.boolean().nullish(),
  leakReporters: z
    .array(
      z.object({
        identifier: name({ min: 1, max: 200 }),
        publicKey: z.string().refine(isPublicKey, 'is not a public key in PEM form.'),
      }),
    )
    .max(20, 'must have 20 or fewer.')
    .nullish(),
})

export type SettingsEdit = z.input<typeof schema>

export const getGovernanceSettings = ({ parts }: Act): Promise<GovernanceSettings> => store.getSettings(parts.db.prisma)

/** Changes what is given; null and what is left out stay. Throws `InvalidInput`. */
export async function updateGovernanceSettings(act: Act, input: SettingsEdit): Promise<GovernanceSettings> {
  const given = Object.entries(parse(schema, input)).filter(([, value]) => value != null)
  return change(act, async (tx, record) => {
    const settings = await store.getSettings(tx)
    const changed = differences(settings, Object.fromEntries(given))
    if (!changed) return settings
    const subject = { subjectType: 'GovernanceSettings', subjectId: null, subjectName: null }
    record({ action: 'updateGovernanceSettings', ...subject, ...changed })
    return store.updateSettings(tx, changed.after)
  })
}

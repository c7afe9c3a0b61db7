import type { ApiKeyRow } from '../keys/keys.store.ts'
import { type PolicyEdit, rulesOf, toRules } from '../keys/policies.service.ts'
import { findPolicy } from '../keys/policies.store.ts'
import { NO_RULES, type PolicyRules } from '../keys/policy.ts'
import { breachesOf } from '../keys/policy-check.ts'
import { FIRST_ID } from '../lib/page.ts'
import { InvalidInput } from '../lib/problems.ts'
import { isId } from '../lib/text.ts'
import type { Act } from '../users/viewer.ts'
import { countBreaking, nextBroken } from './policy-breaches.service.ts'
import * as store from './policy-breaches.store.ts'

export type Breach = { readonly row: ApiKeyRow; readonly messages: readonly string[] }

/** Which keys that exist would break rules. */
export type PolicyPreview = {
  readonly checkedCount: number
  readonly brokenCount: number
  /** The first of them, by id, after the given one. */
  readonly breaches: readonly Breach[]
  /** Where the next page begins; null: there is none. */
  readonly endCursor: string | null
  readonly crowdedOwnerCount: number
}

const MAX_PAGE = 100
const DEFAULT_PAGE = 25

/** The rules that a preview is about: what is stored, with the changes that are only being considered. */
async function consideredRules({ parts }: Act, keyType: string, edit: PolicyEdit): Promise<PolicyRules> {
  const stored = await findPolicy(parts.db.prisma, { keyType })
  return toRules(stored ? rulesOf(stored) : NO_RULES, edit)
}

export type PreviewArgs = {
  readonly keyType: string
  readonly rules: PolicyEdit
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
}

type Page = Pick<PolicyPreview, 'breaches' | 'endCursor'>

async function listBreaches({ db }: Act['parts'], judged: store.Judged, after: string, size: number): Promise<Page> {
  const ids: string[] = []
  for (let next: string | null = after; next !== null && ids.length <= size; ) {
    const found = await nextBroken(db, judged, { after: next, take: size + 1 - ids.length })
    ids.push(...found.ids)
    next = found.next
  }
  const page = ids.slice(0, size)
  const rows = await store.findKeys(db.prisma, page)
  const keys = await store.listGovernedKeys(db.pool, page)
  const messages = new Map(
    keys.map((key) => [key.id, [...breachesOf(judged.rules, key)].map(({ message }) => message)]),
  )
  return {
    breaches: rows.map((row) => ({ row, messages: messages.get(row.id) ?? [] })),
    endCursor: ids.length > size ? (page.at(-1) ?? null) : null,
  }
}

/**
 * Checks every living key of a type against rules that are stored, or only considered. Changes nothing. Throws
 * `InvalidInput` for a cursor of another list.
 */
export async function previewPolicy(act: Act, { keyType, rules, first, after }: PreviewArgs): Promise<PolicyPreview> {
  const { db, clock } = act.parts
  if (after != null && !isId(after))
    throw new InvalidInput([{ path: 'after', message: 'is not a cursor of this list.' }])
  const judged = { keyType, rules: await consideredRules(act, keyType, rules), now: clock.now() }
  const size = Math.min(MAX_PAGE, Math.max(0, first ?? DEFAULT_PAGE))
  const { checked, broken } = await countBreaking(db, judged)
  return {
    checkedCount: checked,
    brokenCount: broken,
    ...(await listBreaches(act.parts, judged, after ?? FIRST_ID, size)),
    crowdedOwnerCount: await store.countCrowdedOwners(db.pool, judged),
  }
}

import { setImmediate as breathe } from 'node:timers/promises'
import type { ApiKeyRow } from '../keys/keys.store.ts'
import { type PolicyEdit, rulesOf, toRules } from '../keys/policies.service.ts'
import { findPolicy } from '../keys/policies.store.ts'
import { NO_RULES, type PolicyRules } from '../keys/policy.ts'
import { breachesOf } from '../keys/policy-check.ts'
import type { Act } from '../users/viewer.ts'
import * as store from './policy-preview.store.ts'

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

// Small enough that checking one batch holds up nobody.
const BATCH = 500
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

/** Checks every living key of a type against rules that are stored, or only considered. Changes nothing. */
export async function previewPolicy(act: Act, args: PreviewArgs): Promise<PolicyPreview> {
  const { db, clock } = act.parts
  const now = clock.now()
  const rules = await consideredRules(act, args.keyType, args.rules)
  const size = Math.min(MAX_PAGE, Math.max(0, args.first ?? DEFAULT_PAGE))
  const found: { readonly id: string; readonly messages: readonly string[] }[] = []
  let checkedCount = 0
  let brokenCount = 0
  for await (const keys of store.livingKeys(db.pool, args.keyType, now, BATCH)) {
    for (const key of keys) {
      const messages = [...breachesOf(rules, key)].map(({ message }) => message)
      if (messages.length === 0) continue
      brokenCount++
      if (found.length <= size && key.id > (args.after ?? '')) found.push({ id: key.id, messages })
    }
    checkedCount += keys.length
    await breathe()
  }
  const page = found.slice(0, size)
  const rows = await store.findKeys(
    db.prisma,
    page.map(({ id }) => id),
  )
  const messagesOf = new Map(page.map(({ id, messages }) => [id, messages]))
  const { maxKeysPerUser: max } = rules
  return {
    checkedCount,
    brokenCount,
    breaches: rows.map((row) => ({ row, messages: messagesOf.get(row.id) ?? [] })),
    endCursor: found.length > size ? (page.at(-1)?.id ?? null) : null,
    crowdedOwnerCount: max === null ? 0 : await store.countCrowdedOwners(db.pool, args.keyType, now, max),
  }
}

import { z } from 'zod'
import type { Endpoint } from '../generated/prisma/enums.ts'
import { Problem } from '../lib/problems.ts'
import { name, optionalText } from '../lib/text.ts'
import { cacheSeconds } from './caching.ts'
import { fieldValuesSchema } from './policy.ts'
import { restrictionMembers } from './restriction.ts'

export const STATUSES = ['ACTIVE', 'EXPIRING', 'EXPIRED', 'ROTATING', 'PENDING', 'DISABLED', 'DELETED'] as const
export type ApiKeyStatus = (typeof STATUSES)[number]

/** What the newest word of an access review about a key is. */
export const REVIEW_STATES = ['NEVER', 'OPEN', 'KEPT', 'EXPIRED'] as const
export type ReviewState = (typeof REVIEW_STATES)[number]

/** What decides a key's status. `secretCount`: the secrets that are valid now. */
export type KeyState = {
  readonly deletedAt: Date | null
  readonly expiresAt: Date | null
  readonly pending: boolean
  readonly ownerActive: boolean
  readonly providerEnabled: boolean
  readonly secretCount: number
}

const DAY_MS = 86_400_000
export const EXPIRING_WITHIN_MS = 7 * DAY_MS
export const RESTORABLE_FOR_MS = 30 * DAY_MS
export const MAX_BULK = 1000

export const DEFAULT_TYPE = 'Development'
/** These types are there from the start and cannot be deleted. */
export const BUILT_IN_TYPES = [DEFAULT_TYPE, 'Production', 'Emergency'] as const

/** The first reason in this order is the status; the same order decides what a caller is told at `/work`. */
export function statusOf(key: KeyState, now: Date): ApiKeyStatus {
  if (key.deletedAt) return 'DELETED'
  if (isExpired(key, now)) return 'EXPIRED'
  if (!key.ownerActive || !key.providerEnabled) return 'DISABLED'
  if (key.pending) return 'PENDING'
  if (key.secretCount > 1) return 'ROTATING'
  if (key.expiresAt && key.expiresAt.getTime() - now.getTime() <= EXPIRING_WITHIN_MS) return 'EXPIRING'
  return 'ACTIVE'
}

/** A key works until its expiry instant, and no longer at it. */
export const isExpired = (key: Pick<KeyState, 'expiresAt'>, now: Date): boolean =>
  key.expiresAt !== null && key.expiresAt.getTime() <= now.getTime()

export const isRestorable = (deletedAt: Date, now: Date): boolean =>
  now.getTime() - deletedAt.getTime() <= RESTORABLE_FOR_MS

const FAR_FUTURE = new Date('9999-01-01T00:00:00Z')

const expiry = (now: Date) =>
  z
    .date()
    .refine((at) => at.getTime() > now.getTime(), 'must be in the future; to end a key now, expire it.')
    .refine((at) => at < FAR_FUTURE, 'must be before the year 9999.')
    .nullish()

const typeName = z.string().min(1).max(64)

/** What may be said of a key when it is made, and changed later: an edit leaves as it is what is left out. */
export type KeyDetails = {
  readonly type?: string | null | undefined
  readonly purpose?: string | null | undefined
  readonly application?: string | null | undefined
  readonly environment?: string | null | undefined
  /** Values of the own fields of the type's policy; one that is not named stays as it is. */
  readonly fields?: readonly { readonly name: string; readonly value?: string | null | undefined }[] | null | undefined
  /** Restrictions. Empty: none. Of a new key left out or null: the policy's, if it has any. */
  readonly models?: readonly string[] | null | undefined
  readonly addresses?: readonly string[] | null | undefined
  readonly endpoints?: readonly Endpoint[] | null | undefined
  /** Null: no answer is given again. */
  readonly cacheSeconds?: number | null | undefined
  /** Null: never. Of a new key left out: the type's default lifetime. */
  readonly expiresAt?: Date | null | undefined
}

const descriptions = { purpose: optionalText(500), application: optionalText(100), environment: optionalText(100) }

/** The rules of a new key's own values; what they refer to is checked against the database. */
export const newKeySchema = (now: Date) =>
  z.object({
    name: name(),
    type: typeName.nullish(),
    ...descriptions,
    ...restrictionMembers,
    cacheSeconds,
    fields: fieldValuesSchema,
    expiresAt: expiry(now),
  })

/** The same for an edit: what is left out stays as it is. */
export const keyEditSchema = (now: Date) =>
  z.object({
    name: name().optional(),
    type: typeName.optional(),
    ...descriptions,
    ...restrictionMembers,
    cacheSeconds,
    fields: fieldValuesSchema,
    expiresAt: expiry(now),
  })

/** A key as audit entries and notices name one. */
export const subjectOf = ({ id, name }: { readonly id: string; readonly name: string }) => ({
  subjectType: 'ApiKey',
  subjectId: id,
  subjectName: name,
})

export class KeyDeleted extends Problem {
  constructor() {
    super('This key is deleted. Restore it first.')
  }
}

export class KeyExpired extends Problem {
  constructor() {
    super('This key has expired for good. Create a new one, or rotate another.')
  }
}

export class RestoreWindowClosed extends Problem {
  constructor() {
    super('A deleted key can be restored for 30 days; they are over.')
  }
}

export class IdempotencyKeyReused extends Problem {
  constructor() {
    super('This idempotency key was used before, with another input.')
  }
}

import { z } from 'zod'
import type { KeyRequestStatus } from '../generated/prisma/enums.ts'
import { Problem } from '../lib/problems.ts'
import { optionalText } from '../lib/text.ts'

export type { KeyRequestStatus }

/** Somebody asks for a key whose type needs approval. */
export type KeyRequest = {
  readonly id: string
  readonly keyId: string
  readonly requesterId: string
  readonly status: KeyRequestStatus
  readonly lifetimeIsDefault: boolean
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly decidedById: string | null
  readonly decidedAt: Date | null
  readonly comment: string | null
  readonly claimedAt: Date | null
}

const DAY_MS = 86_400_000

export const requestExpiry = (now: Date, days: number): Date => new Date(now.getTime() + days * DAY_MS)

/** A request that nobody has answered in time is EXPIRED, also before the job that writes it down. */
export const requestStatus = ({ status, expiresAt }: KeyRequest, now: Date): KeyRequestStatus =>
  status === 'PENDING' && expiresAt <= now ? 'EXPIRED' : status

export const commentSchema = z.object({ comment: optionalText(500) })

/** A refusal without a reason helps nobody. */
export const reasonSchema = z.object({
  comment: optionalText(500).refine((text) => text != null, 'must say why.'),
})

export class KeyPending extends Problem {
  constructor() {
    super('This key waits for approval.')
  }
}

export class RequestClosed extends Problem {
  constructor() {
    super('This request has been answered, withdrawn, or is too old.')
  }
}

export class OwnRequest extends Problem {
  constructor() {
    super('Somebody else has to answer this request: it is yours.')
  }
}

export class SecretClaimed extends Problem {
  constructor() {
    super('The secret of this key was shown already. Rotate the key to get another one.')
  }
}

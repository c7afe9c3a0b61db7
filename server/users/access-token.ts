import { z } from 'zod'
import { AccessTokenScope } from '../generated/prisma/enums.ts'
import type { StoredSecret } from '../lib/secret.ts'
import { name } from '../lib/text.ts'

/** A personal access token: opens `/graphql` for a script, as the person who made it. */
export type AccessToken = StoredSecret & {
  readonly id: string
  readonly userId: string
  readonly name: string
  readonly scopes: AccessTokenScope[]
  readonly createdAt: Date
  readonly expiresAt: Date | null
  /** At most a minute late; null: never. */
  readonly lastUsedAt: Date | null
  readonly revokedAt: Date | null
}

/** The access token of an `Authorization` header; null when it holds none. */
export const readBearer = (header: string | undefined): string | null =>
  /^bearer (\S+)$/i.exec(header ?? '')?.[1] ?? null

type Span = Pick<AccessToken, 'revokedAt' | 'expiresAt'>

export const isTokenLive = ({ revokedAt, expiresAt }: Span, now: Date): boolean =>
  revokedAt === null && (expiresAt === null || expiresAt > now)

// A token that changes things also reads what it changed, so READ is in every token.
const scopes = z
  .array(z.enum(AccessTokenScope))
  .min(1, 'must name a scope.')
  .transform((given): AccessTokenScope[] => (given.includes('WRITE') ? ['READ', 'WRITE'] : ['READ']))

export const newAccessTokenSchema = (now: Date) =>
  z.object({
    name: name(),
    scopes,
    expiresAt: z
      .date()
      .nullish()
      .refine((at) => at == null || at > now, 'must be in the future.'),
  })

export type NewAccessToken = z.input<ReturnType<typeof newAccessTokenSchema>>

import type { AccessTokenScope } from '../generated/prisma/enums.ts'
import { change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import type { Parts } from '../lib/parts.ts'
import { isSecretRight, readSecret } from '../lib/secret.ts'
import { isTokenLive } from './access-token.ts'
import { findTokenByPublicId, touchToken } from './access-tokens.store.ts'
import { insertNotices } from './notices.store.ts'
import { type Asking, type Checked, checkPassword } from './password-check.service.ts'
import { InvalidCredentials } from './problems.ts'
import { isLive, isSeenLongAgo } from './session.ts'
import { type SignedIn, startSession } from './sessions.service.ts'
import { findSessionByHash, isNewPlace, touchSession } from './sessions.store.ts'
import { hashToken } from './token.ts'
import { isUsable, type User, username } from './user.ts'
import { holdChecked } from './users.store.ts'
import type { Viewer } from './viewer.ts'

const NOBODY = { id: null, username: 'nobody', via: 'sign_in' } as const
const EVERYTHING: readonly AccessTokenScope[] = ['READ', 'WRITE']

/** Throws `InvalidCredentials` or, without having tried, `TooManyAttempts`. */
export async function signIn(
  asking: Asking,
  input: { readonly username: string; readonly password: string },
): Promise<SignedIn> {
  const read = username.safeParse(input.username)
  const checked = await checkPassword(asking, read.success ? read.data : null, input.password)
  if (!checked.right) return refuse(asking, checked)
  const actor = { id: checked.id, username: read.data ?? '', via: 'sign_in' } as const
  return change({ ...asking, viewer: actor }, async (tx, record) => {
    // Between the check and now the account may have been disabled or have got another password.
    const user = await holdChecked(tx, checked.id, checked.passwordHash)
    if (!user) throw new InvalidCredentials()
    if (await isNewPlace(tx, user.id, asking.origin)) await tellNewPlace(asking, tx, user)
    const signedIn = await startSession(asking.parts, tx, user, asking.origin)
    record({ action: 'signIn', subjectType: 'Session', subjectId: signedIn.sessionId, subjectName: user.username })
    return signedIn
  })
}

/** A person's very first sign-in is no news to them. */
async function tellNewPlace({ parts, origin }: Asking, tx: Tx, { id, username: subjectName }: User): Promise<void> {
  const subject = { subjectType: 'Session', subjectId: null, subjectName }
  const occasion = `sign-in:${parts.random.uuidv7()}`
  const details = { address: origin.address ?? 'an unknown address', userAgent: origin.userAgent ?? '' }
  await insertNotices(tx, [{ userId: id, kind: 'NEW_SIGN_IN', occasion, ...subject, details }], parts.clock.now())
}

/** A name nobody has is not written down: it may be a password in the wrong field. */
async function refuse(asking: Asking, { account, notableFailures }: Checked & { right: false }): Promise<never> {
  if (notableFailures !== null) {
    await change({ ...asking, viewer: NOBODY }, async (_tx, record) => {
      record({
        action: 'refuseSignIn',
        subjectType: 'Session',
        subjectId: null,
        subjectName: account?.username ?? null,
        after: { failures: notableFailures },
      })
    })
  }
  throw new InvalidCredentials()
}

/** What a request shows to say who sends it. */
export type Proof = { readonly sessionToken: string } | { readonly accessToken: string }

/** Who sends this request; null when the proof is none (any more) or its person is disabled. One indexed read. */
export const findViewer = (parts: Parts, proof: Proof): Promise<Viewer | null> =>
  'sessionToken' in proof ? findBySession(parts, proof.sessionToken) : findByAccessToken(parts, proof.accessToken)

async function findBySession({ db, clock }: Parts, token: string): Promise<Viewer | null> {
  const now = clock.now()
  const session = await findSessionByHash(db.prisma, hashToken(token))
  if (!session || !isLive(session, now) || !isUsable(session.user)) return null
  if (isSeenLongAgo(session.lastSeenAt, now)) await touchSession(db.prisma, session.id, now)
  return toViewer(session.user, 'session', session.id, EVERYTHING)
}

async function findByAccessToken({ db, clock, keyring }: Parts, text: string): Promise<Viewer | null> {
  const now = clock.now()
  const read = readSecret(text, 'aicp_')
  const token = read && (await findTokenByPublicId(db.prisma, read.publicId))
  if (!read || !token || !isSecretRight(keyring, token, read.secret)) return null
  if (!isTokenLive(token, now) || !isUsable(token.user)) return null
  if (isSeenLongAgo(token.lastUsedAt, now)) await touchToken(db.prisma, token.id, now)
  return toViewer(token.user, 'access_token', token.id, token.scopes)
}

const toViewer = (user: User, via: Viewer['via'], proofId: string, scopes: Viewer['scopes']): Viewer => ({
  id: user.id,
  username: user.username,
  role: user.role,
  via,
  proofId,
  scopes,
})

import { z } from 'zod'
import { asSystem, change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import { tokenLink } from '../lib/links.ts'
import type { Parts } from '../lib/parts.ts'
import { NotFound } from '../lib/problems.ts'
import { isId, parse } from '../lib/text.ts'
import { hashPassword, newPassword } from './password.ts'
import { type Asking, checkPassword } from './password-check.service.ts'
import { findLinkHolder, insertLink, useLink, useUpLinks } from './password-tokens.store.ts'
import { InvalidCredentials, LinkExpired } from './problems.ts'
import { type SignedIn, startSession } from './sessions.service.ts'
import { endSessions } from './sessions.store.ts'
import { hashToken, mintToken } from './token.ts'
import { subjectOf, type User } from './user.ts'
import { findUser, findUserByUsername, holdChecked, lockUser, updateUser } from './users.store.ts'
import type { Act } from './viewer.ts'

const LINK_MS = 7 * 86_400_000

/** A one-time link to choose a password with, valid 7 days; earlier ones of this person stop working. */
export async function makePasswordLink({ config, clock, random }: Parts, tx: Tx, userId: string): Promise<string> {
  const now = clock.now()
  const token = mintToken(random)
  await useUpLinks(tx, userId, now)
  const expiresAt = new Date(now.getTime() + LINK_MS)
  await insertLink(tx, { id: random.uuidv7(), userId, tokenHash: hashToken(token), createdAt: now, expiresAt })
  return tokenLink(config, 'set-password', token)
}

/**
 * Changes the viewer's own password and ends their other sessions. Throws `InvalidCredentials` when the current one
 * is wrong, `TooManyAttempts`, or `InvalidInput` for the new one.
 */
export async function changePassword(
  act: Act,
  input: { readonly currentPassword: string; readonly newPassword: string },
): Promise<User> {
  const { parts, viewer } = act
  const { newPassword: password } = parse(z.object({ newPassword }), input)
  const checked = await checkPassword(act, viewer.username, input.currentPassword)
  if (!checked.right || checked.id !== viewer.id) throw new InvalidCredentials()
  const passwordHash = await hashPassword(parts.random, password)
  return change(act, async (tx, record) => {
    const now = parts.clock.now()
    if (!(await holdChecked(tx, viewer.id, checked.passwordHash))) throw new InvalidCredentials()
    await useUpLinks(tx, viewer.id, now)
    await endSessions(tx, { userId: viewer.id, id: { not: viewer.proofId } }, now)
    const user = await updateUser(tx, viewer.id, { passwordHash })
    record({ action: 'changePassword', ...subjectOf(user) })
    return user
  })
}

/**
 * Takes the old password away, ends all sessions, and makes a link for a new one. Access tokens stay: they are listed
 * and revoked one by one. Throws `NotFound`.
 */
export async function resetPassword(act: Act, userId: string): Promise<{ user: User; setPasswordUrl: string }> {
  const { parts } = act
  if (!isId(userId)) throw new NotFound('user')
  return change(act, async (tx, record) => {
    const known = await lockUser(tx, userId)
    if (!known) throw new NotFound('user')
    const user = await updateUser(tx, userId, { passwordHash: null })
    await endSessions(tx, { userId }, parts.clock.now())
    record({ action: 'resetPassword', ...subjectOf(user) })
    return { user, setPasswordUrl: await makePasswordLink(parts, tx, userId) }
  })
}

/** For the operator's console: the same for somebody named there. Throws `NotFound`. */
export async function resetPasswordFromConsole(parts: Parts, username: string): Promise<string> {
  const user = await findUserByUsername(parts.db.prisma, username.normalize('NFC').trim().toLowerCase())
  if (!user) throw new NotFound('user')
  // Nobody is signed in at the console: whoever runs commands there owns the installation.
  return change(asSystem(parts), async (tx, record) => {
    await lockUser(tx, user.id)
    await updateUser(tx, user.id, { passwordHash: null })
    await endSessions(tx, { userId: user.id }, parts.clock.now())
    record({ action: 'resetPassword', ...subjectOf(user) })
    return makePasswordLink(parts, tx, user.id)
  })
}

/**
 * Chooses a password with a one-time link and signs in; earlier sessions end. Throws `LinkExpired` (of parallel tries
 * all but one), `InvalidInput`, `TooManyAttempts`.
 */
export async function setPassword(
  { parts, origin }: Asking,
  input: { readonly token: string; readonly password: string },
): Promise<SignedIn> {
  const tokenHash = hashToken(input.token)
  const holder = await findLinkHolder(parts.db.prisma, tokenHash, parts.clock.now())
  if (!holder) throw new LinkExpired()
  const { password } = parse(z.object({ password: newPassword }), input)
  const passwordHash = await hashPassword(parts.random, password)
  const person = await findUser(parts.db.prisma, holder.userId)
  if (!person) throw new LinkExpired()
  const viewer = { id: person.id, username: person.username, via: 'sign_in' } as const
  return change({ parts, origin, viewer }, async (tx, record) => {
    const now = parts.clock.now()
    const known = await lockUser(tx, person.id)
    if (!known?.active || !(await useLink(tx, tokenHash, now))) throw new LinkExpired()
    await endSessions(tx, { userId: known.id }, now)
    const user = await updateUser(tx, known.id, { passwordHash })
    record({ action: 'setPassword', ...subjectOf(user) })
    return startSession(parts, tx, user, origin)
  })
}

import { timingSafeEqual } from 'node:crypto'
import { asSystem, change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import type { Parts } from '../lib/parts.ts'
import { NameTaken } from '../lib/problems.ts'
import { parse } from '../lib/text.ts'
import { violationOf } from '../lib/unique.ts'
import { closeSetup, findInstallation, lockInstallation, setSetupToken } from './installation.store.ts'
import { hashPassword } from './password.ts'
import type { Asking } from './password-check.service.ts'
import { SetupClosed } from './problems.ts'
import { type SignedIn, startSession } from './sessions.service.ts'
import { hashToken, mintToken } from './token.ts'
import { administratorSchema, subjectOf, toFacts, type User } from './user.ts'
import { insertUser } from './users.store.ts'

const SETUP = { id: null, username: 'setup', via: 'setup' } as const

/** True until the first administrator exists. */
export async function isSetupRequired(parts: Parts): Promise<boolean> {
  return (await findInstallation(parts.db.prisma)).setupCompletedAt === null
}

/**
 * The setup token to show at this start, or null when an administrator exists. It is the operator's own
 * (`AIC_SETUP_TOKEN`) or a new one each time, since only its hash is stored; an earlier one stops working.
 */
export async function prepareSetup(parts: Parts): Promise<string | null> {
  if (!(await isSetupRequired(parts))) return null
  const token = parts.config.setupToken ?? mintToken(parts.random)
  return change(asSystem(parts), async (tx, record) => {
    const installation = await lockInstallation(tx)
    if (installation.setupCompletedAt) return null
    if (isTokenOf(installation.setupTokenHash, token)) return token
    await setSetupToken(tx, hashToken(token))
    record({ action: 'prepareSetup', subjectType: 'Installation', subjectId: null, subjectName: null })
    return token
  })
}

const isTokenOf = (hash: Uint8Array | null, token: string): boolean =>
  hash !== null && hash.length === 32 && timingSafeEqual(hash, hashToken(token))

export type SetupInput = {
  readonly token: string
  readonly username: string
  readonly displayName?: string | null | undefined
  readonly email?: string | null | undefined
  readonly password: string
}

/**
 * Makes the first administrator and signs them in. Exactly one of any number of parallel tries succeeds, the others
 * get `SetupClosed`; so does a wrong token, before anything else of the input is looked at.
 */
export async function completeSetup({ parts, origin }: Asking, { token, ...input }: SetupInput): Promise<SignedIn> {
  assertOpen(await findInstallation(parts.db.prisma), token)
  const { password, ...person } = parse(administratorSchema, input)
  const passwordHash = await hashPassword(parts.random, password)
  return change({ parts, viewer: SETUP, origin }, async (tx, record) => {
    assertOpen(await lockInstallation(tx), token)
    await closeSetup(tx, parts.clock.now())
    const user = await makeAdministrator(parts, tx, { ...person, passwordHash })
    record({ action: 'completeSetup', ...subjectOf(user), after: toFacts(user) })
    return startSession(parts, tx, user, origin)
  })
}

function assertOpen(installation: Awaited<ReturnType<typeof findInstallation>>, token: string) {
  if (installation.setupCompletedAt || !isTokenOf(installation.setupTokenHash, token)) throw new SetupClosed()
}

type Person = {
  readonly username: string
  readonly displayName?: string | null | undefined
  readonly email?: string | null | undefined
  readonly passwordHash: string
}

function makeAdministrator(
  parts: Parts,
  tx: Tx,
  { username, displayName, email, passwordHash }: Person,
): Promise<User> {
  return insertUser(tx, {
    id: parts.random.uuidv7(),
    username,
    displayName: displayName ?? username,
    email: email ?? null,
    role: 'ADMINISTRATOR',
    passwordHash,
    createdAt: parts.clock.now(),
  })
}

/**
 * For the operator's console: another administrator, whoever exists already; closes the setup. Throws `InvalidInput`
 * or `NameTaken`.
 */
export async function createAdministrator(
  parts: Parts,
  input: { readonly username: string; readonly password: string },
): Promise<User> {
  const { password, ...person } = parse(administratorSchema, input)
  const passwordHash = await hashPassword(parts.random, password)
  return change(asSystem(parts), async (tx, record) => {
    const { setupCompletedAt } = await lockInstallation(tx)
    if (!setupCompletedAt) await closeSetup(tx, parts.clock.now())
    const user = await makeAdministrator(parts, tx, { ...person, passwordHash })
    record({ action: 'createAdministrator', ...subjectOf(user), after: toFacts(user) })
    return user
  }).catch(violationOf('users_username_live_key', () => new NameTaken('user')))
}

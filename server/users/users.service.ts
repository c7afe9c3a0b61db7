import { z } from 'zod'
import { change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import { differences } from '../lib/differences.ts'
import { type Order, type PageArgs, toKeyset, toPage, toSorting } from '../lib/page.ts'
import { NameTaken, NotFound } from '../lib/problems.ts'
import { isId, optionalText, parse } from '../lib/text.ts'
import { violationOf } from '../lib/unique.ts'
import { revokeTokens } from './access-tokens.store.ts'
import { hashPassword } from './password.ts'
import { useUpLinks } from './password-tokens.store.ts'
import { makePasswordLink } from './passwords.service.ts'
import { LastAdministrator } from './problems.ts'
import { endSessions } from './sessions.store.ts'
import {
  canSeeDetails,
  type NewUserInput,
  newUserSchema,
  subjectOf,
  toFacts,
  type User,
  type UserEdit,
  userEditSchema,
} from './user.ts'
import * as store from './users.store.ts'
import type { Act } from './viewer.ts'

const SORT = {
  USERNAME: { column: 'username', nullable: false, dates: false },
  DISPLAY_NAME: { column: 'displayName', nullable: false, dates: false },
  CREATED_AT: { column: 'createdAt', nullable: false, dates: true },
} as const

const filterSchema = z.object({ filter: z.object({ search: optionalText(200) }) })

/** A page of all users; `query` says which relations to load with them. For administrators and auditors. */
export async function listUsers(
  { parts }: Act,
  args: PageArgs,
  given: store.UserFilter,
  order: Order<keyof typeof SORT>,
  query: object,
) {
  const { filter } = parse(filterSchema, { filter: { search: given.search } })
  const where = store.toWhere({ ...given, ...filter })
  const sorting = toSorting(SORT, order)
  const rows = await store.listUsers(parts.db.prisma, where, toKeyset(args, sorting), query)
  const page = toPage(rows, args, sorting)
  return { ...page, countAll: () => store.countUsers(parts.db.prisma, where) }
}

/** Null when there is none of this id, or the viewer may not look users up; oneself always may be. */
export async function findUser({ parts, viewer }: Act, id: string): Promise<User | null> {
  return isId(id) && canSeeDetails(viewer, { id }) ? store.findUser(parts.db.prisma, id) : null
}

/**
 * Makes a user: with a password, or with a one-time link (null otherwise) by which the person chooses one. Throws
 * `InvalidInput`, `NameTaken`.
 */
export async function createUser(
  act: Act,
  input: NewUserInput,
): Promise<{ readonly user: User; readonly setPasswordUrl: string | null }> {
  const { parts, viewer } = act
  const { password, ...person } = parse(newUserSchema, input)
  const passwordHash = password == null ? null : await hashPassword(parts.random, password)
  return change(act, async (tx, record) => {
    const user = await store.insertUser(tx, {
      id: parts.random.uuidv7(),
      username: person.username,
      displayName: person.displayName ?? person.username,
      email: person.email ?? null,
      role: person.role ?? 'USER',
      passwordHash,
      createdAt: parts.clock.now(),
      createdById: viewer.id,
    })
    record({ action: 'createUser', ...subjectOf(user), after: toFacts(user) })
    return { user, setPasswordUrl: passwordHash === null ? await makePasswordLink(parts, tx, user.id) : null }
  }).catch(violationOf('users_username_live_key', () => new NameTaken('user')))
}

/** The user locked for a change, after all administrators: always in this order, so that no two changes wait crosswise. */
async function lock(tx: Tx, id: string): Promise<{ user: User; isLastAdministrator: boolean }> {
  const administrators = await store.lockAdministrators(tx)
  const user = isId(id) ? await store.lockUser(tx, id) : null
  if (!user) throw new NotFound('user')
  return { user, isLastAdministrator: administrators.length === 1 && administrators[0] === user.id }
}

/** Whoever may not sign in any more is signed out everywhere: sessions, access tokens, password links. */
async function endAccess({ parts }: Act, tx: Tx, userId: string) {
  const now = parts.clock.now()
  await endSessions(tx, { userId }, now)
  await revokeTokens(tx, { userId }, now)
  await useUpLinks(tx, userId, now)
}

const toWished = (user: User, edit: z.output<typeof userEditSchema>): User => ({
  ...user,
  displayName: edit.displayName ?? user.displayName,
  email: edit.email === undefined ? user.email : edit.email,
  role: edit.role ?? user.role,
  active: edit.active ?? user.active,
})

/**
 * Changes what is given. Disabling ends all access at once; the person's keys stop working with it. Throws
 * `InvalidInput`, `NotFound`, `LastAdministrator`.
 */
export async function updateUser(act: Act, { id, ...input }: UserEdit & { readonly id: string }): Promise<User> {
  const edit = parse(userEditSchema, input)
  return change(act, async (tx, record) => {
    const { user, isLastAdministrator } = await lock(tx, id)
    const wished = toWished(user, edit)
    const changed = differences(toFacts(user), toFacts(wished))
    if (!changed) return user
    const remains = wished.active && wished.role === 'ADMINISTRATOR'
    if (isLastAdministrator && !remains) throw new LastAdministrator()
    if (user.active && !wished.active) await endAccess(act, tx, id)
    record({ action: 'updateUser', ...subjectOf(user), ...changed })
    return store.updateUser(tx, id, changed.after)
  })
}

/** Hides a user for good and ends all access; what they did stays told. Throws `NotFound`, `LastAdministrator`. */
export async function deleteUser(act: Act, id: string): Promise<User> {
  return change(act, async (tx, record) => {
    const { user, isLastAdministrator } = await lock(tx, id)
    if (isLastAdministrator) throw new LastAdministrator()
    await endAccess(act, tx, id)
    const deletedAt = act.parts.clock.now()
    record({ action: 'deleteUser', ...subjectOf(user), before: { deletedAt: null }, after: { deletedAt } })
    return store.updateUser(tx, id, { deletedAt })
  })
}

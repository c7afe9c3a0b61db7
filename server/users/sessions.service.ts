import type { Origin } from '../lib/audit.ts'
import { change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import { type PageArgs, toKeyset, toPage } from '../lib/page.ts'
import type { Parts } from '../lib/parts.ts'
import { NotFound } from '../lib/problems.ts'
import { isId } from '../lib/text.ts'
import { ABSOLUTE_MS, type Session } from './session.ts'
import {
  countSessions,
  endSessions,
  findSession,
  insertSession,
  listSessions,
  liveSessionsOf,
} from './sessions.store.ts'
import { hashToken, mintToken } from './token.ts'
import type { User } from './user.ts'
import type { Act } from './viewer.ts'

/** Somebody who has just shown who they are. The token goes into the cookie and nowhere else. */
export type SignedIn = {
  readonly user: User
  readonly sessionId: string
  readonly token: string
  readonly expiresAt: Date
}

const MAX_USER_AGENT = 300

/** Starts a session inside a transaction that records why. */
export async function startSession(parts: Parts, tx: Tx, user: User, origin: Origin): Promise<SignedIn> {
  const now = parts.clock.now()
  const token = mintToken(parts.random)
  const expiresAt = new Date(now.getTime() + ABSOLUTE_MS)
  const sessionId = parts.random.uuidv7()
  await insertSession(tx, {
    id: sessionId,
    userId: user.id,
    tokenHash: hashToken(token),
    createdAt: now,
    lastSeenAt: now,
    expiresAt,
    address: origin.address,
    userAgent: origin.userAgent?.slice(0, MAX_USER_AGENT) ?? null,
  })
  return { user, sessionId, token, expiresAt }
}

/** The viewer's own sessions that have not ended, the newest first. */
export async function listOwnSessions({ parts, viewer }: Act, args: PageArgs) {
  const where = liveSessionsOf(viewer.id, parts.clock.now())
  const sorting = { column: 'createdAt', direction: 'desc', nullable: false, dates: true } as const
  const rows = await listSessions(parts.db.prisma, where, toKeyset(args, sorting))
  const page = toPage(rows, args, sorting)
  return { ...page, countAll: () => countSessions(parts.db.prisma, where) }
}

/** Ends one of the viewer's own sessions; ending it again changes nothing. `NotFound` for anybody else's. */
export async function endOwnSession(act: Act, id: string): Promise<Session> {
  const { parts, viewer } = act
  if (!isId(id)) throw new NotFound('session')
  return change(act, async (tx, record) => {
    const where = { id, userId: viewer.id }
    const [ended] = await endSessions(tx, where, parts.clock.now())
    const session = ended ?? (await findSession(tx, where))
    if (!session) throw new NotFound('session')
    if (ended) recordEnd(record, 'endSession', ended.id, viewer.username)
    return session
  })
}

/** Ends the session that asks, or every one of the viewer's. */
export async function signOut(act: Act, { allSessions }: { readonly allSessions: boolean }): Promise<void> {
  const { parts, viewer } = act
  await change(act, async (tx, record) => {
    const where = { userId: viewer.id, ...(!allSessions && { id: viewer.proofId }) }
    const ended = await endSessions(tx, where, parts.clock.now())
    for (const { id } of ended) recordEnd(record, 'signOut', id, viewer.username)
  })
}

const recordEnd = (
  record: Parameters<Parameters<typeof change>[1]>[1],
  action: string,
  subjectId: string,
  subjectName: string,
) => record({ action, subjectType: 'Session', subjectId, subjectName })

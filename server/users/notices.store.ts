import type { Prisma } from '../generated/prisma/client.ts'
import type { Tx } from '../lib/db.ts'
import type { Keyset } from '../lib/page.ts'
import { type NewNotice, type Notice, noticeDetailsSchema, noticeKindSchema } from './notice.ts'

type Where = Prisma.NoticeWhereInput
type Row = Prisma.NoticeGetPayload<object>

export const toNotice = (row: Row): Notice => ({
  ...row,
  kind: noticeKindSchema.parse(row.kind),
  details: noticeDetailsSchema.parse(row.details),
})

/**
 * Tells each person each occasion once: what was told before is left out. Answers how many were new. One statement
 * with one parameter, so that a thousand notices do not hold up the event loop.
 */
export async function insertNotices(tx: Tx, notices: readonly NewNotice[], at: Date): Promise<number> {
  if (notices.length === 0) return 0
  const rows = notices.map((notice) => ({ details: {}, ...notice }))
  return tx.$executeRaw`
    INSERT INTO notices (id, user_id, at, kind, occasion, subject_type, subject_id, subject_name, details)
    SELECT gen_random_uuid(), "userId", ${at}::timestamptz, kind, occasion, "subjectType", "subjectId", "subjectName", details
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS notice ("userId" uuid, kind text, occasion text,
      "subjectType" text, "subjectId" uuid, "subjectName" text, details jsonb)
    ON CONFLICT DO NOTHING`
}

export const listNotices = async (tx: Tx, where: Where, keyset: Keyset): Promise<Notice[]> => {
  const and = { AND: [where, keyset.where] }
  const rows = await tx.notice.findMany({ where: and, orderBy: [...keyset.orderBy], take: keyset.take })
  return rows.map(toNotice)
}

export const countNotices = (tx: Tx, where: Where) => tx.notice.count({ where })

/** Answers how many of these were unread. */
export const markRead = async (tx: Tx, where: Where, at: Date) =>
  (await tx.notice.updateMany({ where: { AND: [where, { readAt: null }] }, data: { readAt: at } })).count

/** Administrators who can sign in. */
export const listAdministratorIds = async (tx: Tx): Promise<string[]> => {
  const where = { role: 'ADMINISTRATOR', active: true, deletedAt: null } as const
  return (await tx.user.findMany({ where, select: { id: true }, orderBy: { id: 'asc' } })).map(({ id }) => id)
}

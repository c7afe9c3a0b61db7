import type { EmergencyScope } from '../generated/prisma/enums.ts'
import { Problem } from '../lib/problems.ts'
import type { NewNotice } from '../users/notice.ts'

export type { EmergencyScope }

/** Whose keys end: of one user, group or provider, or everybody's. */
export type Target = { readonly scope: EmergencyScope; readonly id: string | null }

const UNDO_WITHIN_MS = 60 * 60_000

type Begun = { readonly startedAt: Date; readonly undoneAt: Date | null }

/** The last instant at which an operation can be undone; null: it was. */
export const undoableUntil = ({ startedAt, undoneAt }: Begun): Date | null =>
  undoneAt ? null : new Date(startedAt.getTime() + UNDO_WITHIN_MS)

type Operation = { readonly id: string; readonly subjectName: string | null }

/** An operation as audit entries and notices name one: by whose keys it ends; null: everybody's. */
export const subjectOf = ({ id, subjectName }: Operation) => ({
  subjectType: 'EmergencyOperation',
  subjectId: id,
  subjectName,
})

type Told = Begun &
  Operation & {
    readonly actorName: string
    readonly undoneByName: string | null
  }

/** What is told of an operation as it stands: that it ended keys, or that it was undone. */
function told({ id, actorName, undoneAt, undoneByName }: Told, whose: string) {
  const kind = undoneAt ? 'EMERGENCY_UNDONE' : 'EMERGENCY'
  const by = (undoneAt && undoneByName) ?? actorName
  return { kind, occasion: `${kind.toLowerCase()}:${id}`, details: { by, whose } } as const
}

/** For an administrator. */
export const noticeOf = (operation: Told, userId: string): NewNotice => ({
  userId,
  ...told(operation, operation.subjectName === null ? 'all keys' : `the keys of ${operation.subjectName}`),
  ...subjectOf(operation),
})

/** For the owner of some of the keys. Told once, however many they are. */
export const ownerNoticeOf = (operation: Told, userId: string): NewNotice => ({
  userId,
  ...told(operation, 'your keys'),
  subjectType: 'User',
  subjectId: userId,
  subjectName: null,
})

/** What has to be typed when everything is to end. */
export const CONFIRM_ALL = 'expire every key'

export class ConfirmationWrong extends Problem {
  constructor() {
    super('The confirmation is not what the preview says has to be typed. Nothing was ended.')
  }
}

export class UndoWindowClosed extends Problem {
  constructor() {
    super('This cannot be undone: it was undone before, or more than 60 minutes have passed.')
  }
}

import type { EmergencyScope } from '../generated/prisma/enums.ts'
import { Problem } from '../lib/problems.ts'

export type { EmergencyScope }

/** Whose keys end: of one user, group or provider, or everybody's. */
export type Target = { readonly scope: EmergencyScope; readonly id: string | null }

const UNDO_WITHIN_MS = 60 * 60_000

type Begun = { readonly startedAt: Date; readonly undoneAt: Date | null }

/** The last instant at which an operation can be undone; null: it was. */
export const undoableUntil = ({ startedAt, undoneAt }: Begun): Date | null =>
  undoneAt ? null : new Date(startedAt.getTime() + UNDO_WITHIN_MS)

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

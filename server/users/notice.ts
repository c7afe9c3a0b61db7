import { z } from 'zod'

/** Everything people are told. */
export const NOTICE_KINDS = [
  'KEY_EXPIRING',
  'KEY_EXPIRED',
  'KEY_IDLE',
  'KEY_LEAKED',
  'ROTATION_DUE',
  'POLICY_BROKEN',
  'APPROVAL_ASKED',
  'APPROVAL_ANSWERED',
  'LIMIT_WARNING',
  'LIMIT_REACHED',
  'REVIEW_ASKED',
  'REVIEW_DUE',
  'EMERGENCY',
  'EMERGENCY_UNDONE',
  'NEW_SIGN_IN',
  'WEBHOOK_TEST',
] as const
export type NoticeKind = (typeof NOTICE_KINDS)[number]

/** What a notice says beside its subject, as text; all of it may be shown to the one it is for. */
export type NoticeDetails = Readonly<Record<string, string>>

/** Something one person is told. The same occasion is told to the same person once. */
export type NewNotice = {
  readonly userId: string
  readonly kind: NoticeKind
  readonly occasion: string
  readonly subjectType: string
  readonly subjectId: string | null
  readonly subjectName: string | null
  readonly details?: NoticeDetails
}

export type Notice = Required<NewNotice> & {
  readonly id: string
  readonly at: Date
  readonly readAt: Date | null
}

export const noticeKindSchema = z.enum(NOTICE_KINDS)
export const noticeDetailsSchema = z.record(z.string(), z.string())

type Said = Pick<Notice, 'kind' | 'subjectName' | 'details'>

const toDays = (count: string | undefined) => `${count ?? '?'} ${count === '1' ? 'day' : 'days'}`

const TITLES: Readonly<Record<NoticeKind, (name: string, details: NoticeDetails) => string>> = {
  KEY_EXPIRING: (name, { days }) => `The key “${name}” expires in ${toDays(days)}`,
  KEY_EXPIRED: (name) => `The key “${name}” has expired`,
  KEY_IDLE: (name, { days }) => `The key “${name}” has expired: it was not used for ${toDays(days)}`,
  KEY_LEAKED: (name) => `The key “${name}” was reported as leaked and no longer works`,
  ROTATION_DUE: (name, { days }) => `The key “${name}” should be rotated: its secret is ${toDays(days)} old`,
  POLICY_BROKEN: (name) => `The key “${name}” does not follow the policy of its type`,
  APPROVAL_ASKED: (name, { by }) => `${by ?? 'Somebody'} asks for the key “${name}”`,
  APPROVAL_ANSWERED: (name, { answer }) => `The key “${name}” was ${answer ?? 'answered'}`,
  LIMIT_WARNING: (name) => `The limit on ${name} is used up to 80 %`,
  LIMIT_REACHED: (name) => `The limit on ${name} is used up`,
  REVIEW_ASKED: (name) => `The access review “${name}” waits for your answers`,
  REVIEW_DUE: (name) => `The access review “${name}” ends soon and has open answers of yours`,
  EMERGENCY: (_name, { by, whose }) => `${by ?? 'Somebody'} expired ${whose ?? 'keys'} in an emergency`,
  EMERGENCY_UNDONE: (_name, { by, whose }) => `${by ?? 'Somebody'} undid an emergency: ${whose ?? 'keys'} work again`,
  NEW_SIGN_IN: (_name, { address }) => `Somebody signed in to your account from ${address ?? 'a new place'}`,
  WEBHOOK_TEST: (name) => `A test of the webhook at ${name}`,
}

/** One line without a full stop: the inbox, the subject of a mail. */
export const titleOf = ({ kind, subjectName, details }: Said): string => TITLES[kind](subjectName ?? '', details)

const PATHS: Readonly<Record<string, (id: string) => string>> = {
  ApiKey: (id) => `/keys/${id}`,
  KeyRequest: () => '/requests',
  AccessReview: (id) => `/reviews/${id}`,
  Limit: () => '/limits',
  EmergencyOperation: () => '/admin/emergency',
  User: () => '/keys',
  Session: () => '/account',
  Webhook: () => '/admin/settings',
}

/** Where in the console something can be done about it. */
export const pathOf = ({ subjectType, subjectId }: Pick<Notice, 'subjectType' | 'subjectId'>): string =>
  PATHS[subjectType]?.(subjectId ?? '') ?? '/'

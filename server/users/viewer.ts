import type { AccessTokenScope, Role } from '../generated/prisma/enums.ts'
import type { Actor } from '../lib/audit.ts'
import type { Acting } from '../lib/change.ts'
import type { Parts } from '../lib/parts.ts'

/** A person who is signed in, by a browser session or by a personal access token. */
export type Viewer = Actor & {
  readonly id: string
  readonly role: Role
  readonly via: 'session' | 'access_token'
  /** The session or access token that proved who this is. */
  readonly proofId: string
  /** What the proof may be used for; a session may be used for everything. */
  readonly scopes: readonly AccessTokenScope[]
}

/** What every use case is handed: who asks, from where, and what the process is made of. */
export type Act = Acting<Parts> & { readonly viewer: Viewer }

/** Administrators and auditors see what belongs to others; only administrators change it. */
export const seesAll = (viewer: Viewer): boolean => viewer.role !== 'USER'
export const isAdministrator = (viewer: Viewer): boolean => viewer.role === 'ADMINISTRATOR'

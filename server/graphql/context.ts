import { GraphQLError } from 'graphql'
import type { Origin } from '../lib/audit.ts'
import type { Confirmation } from '../lib/nodes.ts'
import type { Parts } from '../lib/parts.ts'
import type { Act, Viewer } from '../users/viewer.ts'

/** What a resolver is handed. `viewer` is null while nobody is signed in. */
export type Context = {
  readonly parts: Parts
  readonly viewer: Viewer | null
  readonly origin: Origin
  /** False once the viewer has been signed out, disabled or given another role: what is followed ends then. */
  readonly isUnchanged: () => Promise<boolean>
  /** Which nodes act on what was changed, the last change at the end. */
  readonly confirmations: Confirmation[]
  /** Cookies of the answer. */
  readonly session: {
    start(token: string, expiresAt: Date): void
    end(): void
  }
}

export const unauthenticated = () =>
  new GraphQLError('Sign in first.', { extensions: { code: 'UNAUTHENTICATED', http: { status: 200 } } })

export const forbidden = () =>
  new GraphQLError('You may not do this.', { extensions: { code: 'FORBIDDEN', http: { status: 200 } } })

/** The context of a field that only signed-in people reach. */
export function signedIn(context: Context): Act {
  const { parts, viewer, origin, confirmations } = context
  if (!viewer) throw unauthenticated()
  return { parts, viewer, origin, confirmed: (by) => void confirmations.push(by) }
}

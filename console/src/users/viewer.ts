import { computed, shallowRef } from 'vue'
import { ask } from '../client.ts'
import { graphql, type ResultOf } from '../graphql.ts'
import type { QueryProblem } from '../query.ts'
import { installationZone } from '../ui/instants.ts'
import { currency } from '../ui/numbers.ts'

const Session = graphql(`
  query Session {
    setupRequired
    viewer { id username displayName email role createdAt }
  }
`)

const Installation = graphql(`
  query Installation {
    installationSettings { currency timeZone }
  }
`)

type SessionData = ResultOf<typeof Session>
export type Viewer = NonNullable<SessionData['viewer']>

/** Who is signed in, as far as this tab knows. Null means nobody, undefined means not asked yet. */
export const viewer = shallowRef<Viewer | null | undefined>(undefined)
export const isSetupRequired = shallowRef(false)
/** Why the console cannot begin or go on. */
export const sessionProblem = shallowRef<QueryProblem | null>(null)

/** Asks the server who is signed in. Called once per page load and after signing in. */
export async function loadViewer(): Promise<void> {
  const outcome = await ask(Session, {})
  sessionProblem.value = outcome.ok ? null : outcome
  if (!outcome.ok) return
  viewer.value = outcome.value.viewer
  isSetupRequired.value = outcome.value.setupRequired
  if (viewer.value) void loadInstallation()
}

/** Amounts and days are drawn anew when they are others than was thought. */
async function loadInstallation(): Promise<void> {
  const outcome = await ask(Installation, {})
  if (outcome.ok) takeInstallation(outcome.value.installationSettings)
}

/** What amounts are in and when days begin, from now on. */
export function takeInstallation(settings: { readonly currency: string; readonly timeZone: string }): void {
  currency.value = settings.currency
  installationZone.value = settings.timeZone
}

/** The signed-in viewer, for pages that are only reached by one. */
export function useViewer() {
  return computed(() => {
    if (!viewer.value) throw new Error('This page needs a signed-in viewer.')
    return viewer.value
  })
}

type WithRole = { readonly role: Viewer['role'] }

/** Administrators and auditors see what belongs to everyone. */
export function canSeeAll(who: WithRole): boolean {
  return who.role === 'ADMINISTRATOR' || who.role === 'AUDITOR'
}

export function canAdminister(who: WithRole): boolean {
  return who.role === 'ADMINISTRATOR'
}

/** Why a viewer may not change what belongs to everyone, or null when they may. */
export function refusalToAdminister(who: WithRole): string | null {
  return canAdminister(who) ? null : 'Needs the administrator role.'
}

/** The same of the signed-in viewer, as long as a component lives. */
export function useRefusalToAdminister() {
  const who = useViewer()
  return computed(() => refusalToAdminister(who.value))
}

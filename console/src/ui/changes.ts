/**
 * What of a form differs from what it opened with, member by member. Only this is sent: what somebody else has changed
 * meanwhile, in another window or elsewhere, stays as they left it.
 */
export function changesOf<T extends object>(before: T, after: T): Partial<T> {
  const known = new Map<string, unknown>(Object.entries(before))
  const differs = ([name, value]: [string, unknown]) => JSON.stringify(value) !== JSON.stringify(known.get(name))
  return Object.fromEntries(Object.entries(after).filter(differs)) as Partial<T>
}

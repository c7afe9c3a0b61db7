export type Difference = { readonly name: string; readonly before: string | null; readonly after: string | null }

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function toText(value: unknown): string | null {
  if (value === undefined) return null
  if (value === null) return 'nothing'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** What differs between the state before and after a change, name by name; null: it was not there. */
export function toDifferences(before: unknown, after: unknown): readonly Difference[] {
  const old = isRecord(before) ? before : {}
  const now = isRecord(after) ? after : {}
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])]
  return names
    .map((name) => ({ name, before: toText(old[name]), after: toText(now[name]) }))
    .filter((one) => one.before !== one.after)
}

/** `expireApiKey` as `Expire api key`: the name of the mutation as words. */
export function toWords(name: string): string {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase()
  const named = words.replace('api key', 'API key')
  return named.charAt(0).toUpperCase() + named.slice(1)
}

/** The page that shows the thing a change was made to; none for what has no page. */
export function toSubjectPath(type: string, id: string | null): string | null {
  if (id === null) return null
  const kind = type.replaceAll('_', '').toLowerCase()
  if (kind === 'apikey' || kind === 'key') return `/keys/${id}`
  if (kind === 'rule') return `/admin/rules?rule=${id}`
  return kind === 'limit' ? `/admin/limits?limit=${id}` : null
}

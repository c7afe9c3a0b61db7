export type Choice = { readonly value: string; readonly label: string; readonly icon?: string }

/** One filter of a list: `name` is its parameter in the address. */
export type Filter = {
  readonly name: string
  readonly label: string
  readonly icon?: string
  readonly choices: readonly Choice[]
  /** Several values at once, kept as a comma-separated text. */
  readonly isMany?: boolean
  /** Asks the server for choices while the person types; without it the given choices are searched here. */
  readonly onSearch?: (text: string) => void
}

/** `a,b` to its parts; an empty text has none. */
export function readMany(value: string): string[] {
  return value === '' ? [] : value.split(',')
}

/** The words of a filter's value, for its chip. */
export function labelOf(filter: Filter, value: string): string {
  const words = readMany(value).map((one) => filter.choices.find((choice) => choice.value === one)?.label ?? one)
  return filter.isMany ? words.join(' or ') : (filter.choices.find((choice) => choice.value === value)?.label ?? value)
}

/** Adds the value when it is missing and takes it out when it is there. */
export function toggleMany(value: string, one: string): string {
  const parts = readMany(value)
  return (parts.includes(one) ? parts.filter((part) => part !== one) : [...parts, one]).join(',')
}

/** The filter `enabled` of things that can be switched on and off. */
export function toStateFilter(on: string, off: string): Filter {
  const choices = [
    { value: 'yes', label: on },
    { value: 'no', label: off },
  ]
  return { name: 'enabled', label: 'Status', icon: 'i-lucide-circle-dot', choices }
}

/** What the server is asked for: nothing while the filter is not set. */
export function readYes(value: string): boolean | undefined {
  return value === '' ? undefined : value === 'yes'
}

/** The filter of a list for the route that writes it into a file: several words stand between commas. */
export function toExportQuery(filter: object | null | undefined): Record<string, string> {
  const given = Object.entries(filter ?? {}).filter(([, value]) => value !== undefined && value !== null)
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]))
}

type Priced = { readonly name: string; readonly wireFormat: 'OPENAI' | 'ANTHROPIC' | 'AZURE' }

const ofFormat = { OPENAI: 'openai', ANTHROPIC: 'anthropic', AZURE: 'azure' } satisfies Record<
  Priced['wireFormat'],
  string
>

const toLetters = (words: string) => words.toLowerCase().replaceAll(/[^a-z0-9]/g, '')

/** The vendors that the public price list names, each once. What is no such list has none. */
export function readVendors(list: string): readonly string[] {
  try {
    const rows: unknown[] = Object.values(JSON.parse(list))
    const named = rows.flatMap((row) =>
      typeof row === 'object' && row !== null && 'litellm_provider' in row ? [row.litellm_provider] : [],
    )
    return [...new Set(named.filter((vendor) => typeof vendor === 'string'))]
  } catch {
    return []
  }
}

/** Whose prices a provider probably charges: the vendor in its name, else the one whose wire format it speaks. */
export function proposeVendor({ name, wireFormat }: Priced, vendors: readonly string[]): string {
  const named = vendors.filter((vendor) => toLetters(name).includes(toLetters(vendor)))
  // Azure AI is another vendor than Azure: the longer name is the closer one.
  return named.toSorted((one, other) => other.length - one.length).at(0) ?? ofFormat[wireFormat]
}

import type { WireFormat } from '../generated/prisma/enums.ts'

/** Whether a model name is one that a list of names and globs allows. `*` stands for any characters, `?` for one. */
export type ModelMatcher = (model: string) => boolean

/**
 * Matches a glob without backtracking into more than the last star: at worst the product of both lengths, which the
 * bounds on patterns (200) and model names keep small.
 */
function matchesGlob(glob: string, text: string): boolean {
  let at = 0
  let inGlob = 0
  let star = -1
  let resume = 0
  while (at < text.length) {
    const wanted = glob[inGlob]
    if (wanted === '*') {
      star = inGlob++
      resume = at
    } else if (wanted === '?' || wanted === text[at]) {
      inGlob++
      at++
    } else if (star >= 0) {
      inGlob = star + 1
      at = ++resume
    } else return false
  }
  while (glob[inGlob] === '*') inGlob++
  return inGlob === glob.length
}

const isGlob = (pattern: string) => pattern.includes('*') || pattern.includes('?')

/** Compiles once, so that a request pays a set look-up, and the globs only when that fails. */
export function compileModels(patterns: readonly string[]): ModelMatcher {
  const names = new Set(patterns)
  const globs = patterns.filter(isGlob)
  return (model) => names.has(model) || globs.some((glob) => matchesGlob(glob, model))
}

/** On Azure a model is a piece of the path; one of dots would lead out of the provider's prefix. */
export const isNameable = ({ wireFormat }: { readonly wireFormat: WireFormat }, model: string): boolean =>
  wireFormat !== 'AZURE' || !/^\.+$/.test(model)

/** The names a caller can choose from: the enabled ones that are no globs, and the discovered ones a glob allows. */
export function listModels(enabled: readonly string[], discovered: readonly string[]): string[] {
  const isEnabled = compileModels(enabled)
  const names = [...enabled.filter((pattern) => !isGlob(pattern)), ...discovered.filter(isEnabled)]
  return [...new Set(names)].toSorted()
}

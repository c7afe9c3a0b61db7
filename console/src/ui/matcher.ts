import { computed, type MaybeRefOrGetter, shallowRef, toValue } from 'vue'

type Engine = typeof import('re2js')

const engine = shallowRef<Engine | null>(null)

export type Matcher = { readonly test: ((name: string) => boolean) | null; readonly problem: string | null }

/**
 * Matches as the gateway does: the same linear-time engine, on whole model names. It is fetched when a form needs it;
 * until then, and while the pattern is empty, there is nothing to test with.
 */
export function useMatcher(pattern: MaybeRefOrGetter<string>) {
  if (engine.value === null) {
    void import('re2js').then((loaded) => {
      engine.value = loaded
    })
  }
  return computed<Matcher>(() => {
    const text = toValue(pattern)
    if (engine.value === null || text === '' || text.length > 500) return { test: null, problem: null }
    try {
      const compiled = engine.value.RE2JS.compile(text)
      return { test: (name) => compiled.testExact(name), problem: null }
    } catch (error) {
      return { test: null, problem: error instanceof Error ? error.message : 'This is not a regular expression.' }
    }
  })
}

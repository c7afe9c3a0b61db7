import { refDebounced } from '@vueuse/core'
import { computed, type MaybeRefOrGetter, ref, toValue } from 'vue'
import { useLiveQuery } from '../query.ts'
import { FindKeys, GetKeyName } from './documents.ts'

/** Keys to choose among, searched on the server; the chosen one is always there, found or not. */
export function useKeyChoices(chosen: MaybeRefOrGetter<string>) {
  const term = ref('')
  const asked = refDebounced(term, 200)
  const found = useLiveQuery(FindKeys, () => ({ search: asked.value.trim() || null }))
  const own = useLiveQuery(
    GetKeyName,
    () => ({ id: toValue(chosen) }),
    () => toValue(chosen) === '',
  )
  const choices = computed(() => {
    const list = found.data.value?.apiKeys.nodes ?? []
    const one = toValue(chosen) === '' ? null : own.data.value?.apiKey
    const all = one && !list.some((key) => key.id === one.id) ? [one, ...list] : [...list]
    return all.map((key) => ({ value: key.id, label: key.name }))
  })
  const search = (text: string) => {
    term.value = text
  }
  return { choices, search }
}

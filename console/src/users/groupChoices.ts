import { refDebounced } from '@vueuse/core'
import { computed, type MaybeRefOrGetter, ref, toValue } from 'vue'
import { graphql } from '../graphql.ts'
import { useLiveQuery } from '../query.ts'

const ChooseGroup = graphql(`
  query ChooseGroup($search: String) {
    groups(first: 20, filter: { search: $search }, orderBy: { field: NAME, direction: ASC }) {
      nodes { id name }
    }
  }
`)

const ChosenGroup = graphql(`
  query ChosenGroup($id: ID!) {
    group(id: $id) { id name }
  }
`)

/** Groups to choose among, searched on the server; the chosen one is always there, found or not. */
export function useGroupChoices(chosen: MaybeRefOrGetter<string>) {
  const term = ref('')
  const asked = refDebounced(term, 200)
  const found = useLiveQuery(ChooseGroup, () => ({ search: asked.value.trim() || null }))
  const own = useLiveQuery(
    ChosenGroup,
    () => ({ id: toValue(chosen) }),
    () => toValue(chosen) === '',
  )
  const choices = computed(() => {
    const list = found.data.value?.groups.nodes ?? []
    const one = toValue(chosen) === '' ? null : own.data.value?.group
    const all = one && !list.some((group) => group.id === one.id) ? [one, ...list] : [...list]
    return all.map((group) => ({ value: group.id, label: group.name }))
  })
  const search = (text: string) => {
    term.value = text
  }
  const isLoading = computed(
    () => found.loading.value || (toValue(chosen) !== '' && own.loading.value && own.data.value === undefined),
  )
  return { choices, search, isLoading }
}

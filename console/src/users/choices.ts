import { refDebounced } from '@vueuse/core'
import { computed, type MaybeRefOrGetter, ref, toValue } from 'vue'
import { graphql } from '../graphql.ts'
import { useLiveQuery } from '../query.ts'

const ChooseUser = graphql(`
  query ChooseUser($search: String) {
    users(first: 20, filter: { search: $search }, orderBy: { field: DISPLAY_NAME, direction: ASC }) {
      nodes { id username displayName }
    }
  }
`)

const ChosenUser = graphql(`
  query ChosenUser($id: ID!) {
    user(id: $id) { id username displayName }
  }
`)

/** Users to choose among, searched on the server; the chosen one is always there, found or not. */
export function useUserChoices(chosen: MaybeRefOrGetter<string>, pause: MaybeRefOrGetter<boolean> = false) {
  const term = ref('')
  const asked = refDebounced(term, 200)
  const found = useLiveQuery(ChooseUser, () => ({ search: asked.value.trim() || null }), pause)
  const own = useLiveQuery(
    ChosenUser,
    () => ({ id: toValue(chosen) }),
    () => toValue(pause) || toValue(chosen) === '',
  )
  const nodes = computed(() => {
    const list = found.data.value?.users.nodes ?? []
    const one = toValue(chosen) === '' ? null : own.data.value?.user
    return one && !list.some((user) => user.id === one.id) ? [one, ...list] : [...list]
  })
  const choices = computed(() =>
    nodes.value.map((user) => ({
      value: user.id,
      label: user.displayName === user.username ? user.username : `${user.displayName} (${user.username})`,
    })),
  )
  const search = (text: string) => {
    term.value = text
  }
  // A menu that opens before the chosen one is known would show its id.
  const isLoading = computed(
    () => found.loading.value || (toValue(chosen) !== '' && own.loading.value && own.data.value === undefined),
  )
  return { term, choices, search, isLoading }
}

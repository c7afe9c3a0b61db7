import { computed, type MaybeRefOrGetter } from 'vue'
import { graphql } from '../graphql.ts'
import { useLiveQuery } from '../query.ts'

const ChooseProvider = graphql(`
  query ChooseProvider {
    providers(first: 100, orderBy: { field: NAME, direction: ASC }) {
      nodes { id name enabled kind wireFormat models }
    }
  }
`)

/** The providers this viewer may choose among, for menus and forms. */
export function useProviderChoices(pause: MaybeRefOrGetter<boolean> = false) {
  const query = useLiveQuery(ChooseProvider, {}, pause)
  const nodes = computed(() => query.data.value?.providers.nodes ?? [])
  const choices = computed(() => nodes.value.map((one) => ({ value: one.id, label: one.name })))
  return { nodes, choices, isLoading: query.loading }
}

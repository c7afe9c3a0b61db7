import type { TypedDocumentNode } from '@urql/vue'
import { computed, type Ref } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { useLiveQuery } from '../query.ts'

/** The id of what is open beside a list, kept in the address under the given name, so that it can be linked to. */
export function useOpenId(name: string) {
  const route = useRoute()
  const router = useRouter()
  const openId = computed(() => {
    const value = route.query[name]
    return typeof value === 'string' ? value : ''
  })
  const show = (id: string | undefined) => void router.replace({ query: { ...route.query, [name]: id } })
  return { openId, show }
}

/** One row of the list open in a panel, from which the next and the previous one can be reached. */
export function useOpenRow<Row extends { readonly id: string }>(rows: Readonly<Ref<readonly Row[]>>, name: string) {
  const { openId, show } = useOpenId(name)
  const at = computed(() => rows.value.findIndex((row) => row.id === openId.value))
  return {
    openId,
    openRow: computed(() => rows.value[at.value] ?? null),
    hasPrevious: computed(() => at.value > 0),
    hasNext: computed(() => at.value < rows.value.length - 1),
    show,
    step: (by: number) => show(rows.value[at.value + by]?.id),
  }
}

/** What the address names, asked for by itself: a link to it works when it is on another page of the list, or deleted. */
export function useOpened<One extends { readonly id: string }>(
  query: TypedDocumentNode<Readonly<Record<string, One | null>>, { id: string }>,
  name: string,
) {
  const { openId, show } = useOpenId(name)
  const { data } = useLiveQuery(
    query,
    () => ({ id: openId.value }),
    () => openId.value === '',
  )
  const opened = computed(() => {
    const one = Object.values(data.value ?? {}).at(0) ?? null
    return one?.id === openId.value ? one : null
  })
  return { openId, opened, show }
}

import { type AnyVariables, type TypedDocumentNode, useQuery } from '@urql/vue'
import { computed, type MaybeRefOrGetter, type Ref, toValue, watch } from 'vue'
import { revision } from './client.ts'

export type QueryProblem = { readonly message: string; readonly requestId: string | null }

export type LiveQuery<T> = {
  readonly data: Readonly<Ref<T | undefined>>
  /** True until the first answer for anything; later refreshes keep what is shown. */
  readonly loading: Readonly<Ref<boolean>>
  readonly refreshing: Readonly<Ref<boolean>>
  readonly problem: Readonly<Ref<QueryProblem | null>>
  readonly reload: () => void
}

/** A query that asks again when its variables change, when this tab changed something, and on `reload`. */
export function useLiveQuery<T, V extends AnyVariables>(
  query: TypedDocumentNode<T, V>,
  variables: MaybeRefOrGetter<V>,
  pause: MaybeRefOrGetter<boolean> = false,
): LiveQuery<T> {
  const state = useQuery<T, AnyVariables>({
    query,
    variables: () => toValue(variables) ?? {},
    pause: () => toValue(pause),
    requestPolicy: 'cache-and-network',
  })
  const reload = () => {
    if (!toValue(pause)) state.executeQuery({ requestPolicy: 'network-only' })
  }
  watch(revision, reload)
  const problem = computed<QueryProblem | null>(() => {
    const error = state.error.value
    if (!error) return null
    const first = error.graphQLErrors[0]
    const requestId = first?.extensions['requestId']
    return {
      message: first?.message ?? 'The server could not be reached. Check the connection and try again.',
      requestId: typeof requestId === 'string' ? requestId : null,
    }
  })
  return {
    data: computed(() => state.data.value),
    loading: computed(() => state.data.value === undefined && problem.value === null),
    refreshing: computed(() => state.fetching.value || state.stale.value),
    problem,
    reload,
  }
}

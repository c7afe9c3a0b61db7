import { useSubscription } from '@urql/vue'
import { useThrottleFn } from '@vueuse/core'
import { type MaybeRefOrGetter, type Ref, toValue, watch } from 'vue'
import { graphql, type VariablesOf } from '../graphql.ts'

const EntryAdded = graphql(`
  subscription EntryAdded($filter: UsageEntryFilter) {
    usageEntryAdded(filter: $filter) { id }
  }
`)

type Filter = VariablesOf<typeof EntryAdded>['filter']

/** However many requests come in, a person reads so fast. */
const PACE_MS = 2_000

/** Calls back when requests that pass the filter were recorded, while `isLive`; switches it off when the line breaks. */
export function useTail(isLive: Ref<boolean>, filter: MaybeRefOrGetter<Filter>, onAdded: () => void): void {
  const added = useThrottleFn(onAdded, PACE_MS, true, true)
  const tail = useSubscription(
    { query: EntryAdded, variables: () => ({ filter: toValue(filter) ?? null }), pause: () => !isLive.value },
    (_before, data) => {
      void added()
      return data
    },
  )
  watch(tail.error, (error) => {
    if (error) isLive.value = false
  })
}

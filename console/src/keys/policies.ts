import { computed, type MaybeRefOrGetter } from 'vue'
import { useLiveQuery } from '../query.ts'
import { ListPolicies, type Policy } from './policyDocuments.ts'

export type TypeRow = { readonly id: string; readonly policy: Policy | null }

/** The key types of this installation, each with its policy if it has one. */
export function usePolicies(pause: MaybeRefOrGetter<boolean> = false) {
  const { data, ...state } = useLiveQuery(ListPolicies, {}, pause)
  const policyOf = (type: string) => data.value?.policies.nodes.find((one) => one.keyType === type) ?? null
  const types = computed(() => data.value?.keyTypes ?? [])
  const rows = computed<readonly TypeRow[]>(() => types.value.map((type) => ({ id: type, policy: policyOf(type) })))
  return { ...state, types, rows, policyOf }
}

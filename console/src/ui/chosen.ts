import { computed, type Ref, ref, watch } from 'vue'

/** The rows chosen on one page of a list; what leaves the page is no longer chosen. */
export function useChosen<Row extends { readonly id: string }>(rows: Readonly<Ref<readonly Row[]>>) {
  const selected = ref<readonly string[]>([])
  watch(rows, (now) => {
    selected.value = selected.value.filter((id) => now.some((row) => row.id === id))
  })
  return {
    selected,
    chosen: computed(() => rows.value.filter((row) => selected.value.includes(row.id))),
    choose: (ids: readonly string[]) => {
      selected.value = ids
    },
  }
}

import { computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { readMany } from './filters.ts'
import type { Column } from './table.ts'

/** A column that was chosen shows at every width; the table scrolls sideways instead. */
function always(column: Column): Column {
  const kept = (column.class ?? '').split(' ').filter((one) => !one.endsWith(':hidden'))
  return { ...column, class: kept.join(' ') }
}

/**
 * Which columns a list shows: those it shows by itself, or the ones that stand in the address. The first column and the
 * ones without a heading always show.
 */
export function useColumns(all: readonly Column[], standard: readonly string[]) {
  const route = useRoute()
  const router = useRouter()
  const optional = all.filter((column, index) => index > 0 && !column.isQuiet)
  const chosen = computed(() => {
    const { columns } = route.query
    return typeof columns === 'string' ? readMany(columns) : null
  })
  const shown = computed(() => new Set(chosen.value ?? standard))
  const columns = computed(() => {
    const now = all.filter((column) => !optional.includes(column) || shown.value.has(column.id))
    return chosen.value ? now.map(always) : now
  })
  function toggle(id: string) {
    const ids = optional.map((column) => column.id).filter((one) => shown.value.has(one) !== (one === id))
    const isStandard = optional.every((column) => ids.includes(column.id) === standard.includes(column.id))
    void router.replace({ query: { ...route.query, columns: isStandard ? undefined : ids.join(',') } })
  }
  return { columns, optional, shown, toggle }
}

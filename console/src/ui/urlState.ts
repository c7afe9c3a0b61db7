import { computed, type Ref } from 'vue'
import { type LocationQueryValue, useRoute, useRouter } from 'vue-router'

type QueryValue = LocationQueryValue | LocationQueryValue[] | undefined

function first(value: QueryValue): string {
  return (Array.isArray(value) ? value[0] : value) ?? ''
}

export type UrlFilters<Name extends string> = {
  /** Every filter as text; an empty text is "not set". */
  readonly values: Readonly<Ref<Readonly<Record<Name, string>>>>
  readonly set: (patch: Readonly<Record<string, string>>, how?: 'push' | 'replace') => void
  readonly clear: () => void
  readonly isFiltered: Readonly<Ref<boolean>>
}

function filled(query: Record<string, QueryValue>): Record<string, QueryValue> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== '' && value !== undefined))
}

/** Filters that live in the address, so that a list can be shared, bookmarked and walked with Back. */
export function useUrlFilters<const Name extends string>(names: readonly Name[]): UrlFilters<Name> {
  const route = useRoute()
  const router = useRouter()
  const values = computed(
    () => Object.fromEntries(names.map((name) => [name, first(route.query[name])])) as Record<Name, string>,
  )
  const go = (patch: Record<string, QueryValue>, how: 'push' | 'replace') => {
    // A changed filter starts at the first page: the old cursor points into another list.
    const query = filled({ ...route.query, ...patch, after: undefined, before: undefined })
    return router[how]({ query, hash: route.hash })
  }
  return {
    values,
    set: (patch, how = 'push') => void go(patch, how),
    clear: () => void go(Object.fromEntries(names.map((name) => [name, undefined])), 'push'),
    isFiltered: computed(() => names.some((name) => values.value[name] !== '')),
  }
}

export type UrlSort = { readonly field: string; readonly descending: boolean }

/** The sort order in the address: `sort=-created` is newest first. */
export function useUrlSort(fallback: string): {
  readonly sort: Readonly<Ref<UrlSort>>
  readonly toggle: (field: string) => void
} {
  const route = useRoute()
  const router = useRouter()
  const sort = computed(() => {
    const raw = first(route.query['sort']) || fallback
    return { field: raw.replace(/^-/, ''), descending: raw.startsWith('-') }
  })
  const toggle = (field: string) => {
    const isSame = sort.value.field === field
    const next = isSame && !sort.value.descending ? `-${field}` : field
    void router.push({ query: filled({ ...route.query, sort: next, after: undefined, before: undefined }) })
  }
  return { sort, toggle }
}

export type PageArguments = { first?: number; after?: string; last?: number; before?: string }

/** The cursor of the page in the address, and the arguments of the connection that follow from it. */
export function useUrlPage(size = 25): {
  readonly page: Readonly<Ref<PageArguments>>
  readonly isFirst: Readonly<Ref<boolean>>
  readonly go: (where: { after?: string | null; before?: string | null }) => void
} {
  const route = useRoute()
  const router = useRouter()
  const page = computed<PageArguments>(() => {
    const before = first(route.query['before'])
    const after = first(route.query['after'])
    if (before !== '') return { last: size, before }
    return after === '' ? { first: size } : { first: size, after }
  })
  const go = (where: { after?: string | null; before?: string | null }) => {
    const cursor = { after: where.after ?? undefined, before: where.before ?? undefined }
    void router.push({ query: filled({ ...route.query, ...cursor }) })
  }
  const isFirst = computed(() => !page.value.after && !page.value.before)
  return { page, isFirst, go }
}

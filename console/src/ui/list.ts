import type { AnyVariables, TypedDocumentNode } from '@urql/vue'
import { computed, type Ref } from 'vue'
import { type LiveQuery, useLiveQuery } from '../query.ts'
import { type PageArguments, type UrlFilters, type UrlSort, useUrlFilters, useUrlPage, useUrlSort } from './urlState.ts'

export type PageInfo = {
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  readonly startCursor: string | null
  readonly endCursor: string | null
}

type Connection<Row> = {
  readonly nodes: readonly Row[]
  readonly pageInfo: PageInfo
  readonly totalCount: number
}

/** A list as its page shows it: the rows of one page, and what in the address decides which they are. */
export type List<Row, Name extends string = string> = Omit<LiveQuery<unknown>, 'data'> &
  UrlFilters<Name> & {
    readonly rows: Readonly<Ref<readonly Row[]>>
    /** All rows that match the filters. Null while nothing has been counted yet. */
    readonly total: Readonly<Ref<number | null>>
    readonly info: Readonly<Ref<PageInfo | null>>
    readonly sort: Readonly<Ref<UrlSort>>
    readonly toggle: (field: string) => void
    readonly isFirst: Readonly<Ref<boolean>>
    readonly go: (where: { after?: string | null; before?: string | null }) => void
  }

type Asked<Name extends string> = {
  readonly values: Readonly<Record<Name, string>>
  readonly sort: UrlSort
  readonly page: PageArguments
}

type ListOptions<Name extends string, V> = {
  /** The filters, by their parameter in the address. */
  readonly names: readonly Name[]
  /** The order when the address names none: `-created` is newest first. */
  readonly sort?: string
  readonly size?: number
  /** What the server is asked for, from what stands in the address. */
  readonly variables: (asked: Asked<Name>) => V
}

/** A list whose filters, order and page stand in the address and that the server answers page by page. */
export function useList<Row, V extends AnyVariables, const Name extends string>(
  query: TypedDocumentNode<Readonly<Record<string, Connection<Row>>>, V>,
  options: ListOptions<Name, NoInfer<V>>,
): List<Row, Name> {
  const filters = useUrlFilters(options.names)
  const order = useUrlSort(options.sort ?? '')
  const { page, isFirst, go } = useUrlPage(options.size)
  const { data, ...state } = useLiveQuery(query, () =>
    options.variables({ values: filters.values.value, sort: order.sort.value, page: page.value }),
  )
  const connection = computed(() => Object.values(data.value ?? {}).at(0) ?? null)
  return {
    ...filters,
    ...order,
    ...state,
    rows: computed(() => connection.value?.nodes ?? []),
    total: computed(() => connection.value?.totalCount ?? null),
    info: computed(() => connection.value?.pageInfo ?? null),
    isFirst,
    go,
  }
}

/** The order for the server; a field it does not know, as in an edited address, stands for the fallback. */
export function toOrder<const Field extends string>(
  sort: UrlSort,
  fields: Readonly<Record<string, Field>>,
  fallback: Field,
) {
  const field = Object.hasOwn(fields, sort.field) ? fields[sort.field] : undefined
  return { field: field ?? fallback, direction: sort.descending ? ('DESC' as const) : ('ASC' as const) }
}

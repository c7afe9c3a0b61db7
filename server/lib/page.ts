import { InvalidInput } from './problems.ts'
import { isInstant } from './text.ts'

/** Before every other id: where a walk over rows in the order of their ids begins. */
export const FIRST_ID = '00000000-0000-0000-0000-000000000000'

/** What a caller asks of a list: `first`/`after` forwards, or `last`/`before` backwards. */
export type PageArgs = {
  readonly first?: number | null | undefined
  readonly last?: number | null | undefined
  readonly after?: string | null | undefined
  readonly before?: string | null | undefined
}

/** One sort column; the id decides between equals. `dates`: the column holds instants. */
export type Sorting = {
  readonly column: string
  readonly direction: 'asc' | 'desc'
  readonly nullable: boolean
  readonly dates: boolean
}

/** How a caller wants a list: by one of the fields that it offers, which end first. */
export type Order<Field extends string> = { readonly field: Field; readonly direction: 'ASC' | 'DESC' }

/** The sorting that an order stands for, from the columns behind the fields. */
export const toSorting = <Field extends string, Column extends Omit<Sorting, 'direction'>>(
  columns: Readonly<Record<Field, Column>>,
  { field, direction }: Order<Field>,
) => ({ ...columns[field], direction: direction === 'ASC' ? ('asc' as const) : ('desc' as const) })

/** The condition that no row meets. */
export const NO_ROW = { id: { in: [] } }

type Value = string | null
/** A place in a list that is sorted by this column. */
type Cursor = { readonly column: string; readonly value: Value; readonly id: string }

/** How to read one page by key, not by offset: as quick on the last page as on the first. */
export type Keyset = {
  readonly where: Readonly<Record<string, unknown>>
  readonly orderBy: readonly Readonly<Record<string, unknown>>[]
  /** One more than the page holds, to know whether there is more. */
  readonly take: number
}

export type Page<Row> = {
  readonly edges: { readonly cursor: string; readonly node: Row }[]
  readonly pageInfo: {
    readonly hasNextPage: boolean
    readonly hasPreviousPage: boolean
    readonly startCursor: string | null
    readonly endCursor: string | null
  }
}

const DEFAULT_SIZE = 25
const MAX_SIZE = 100

const refuse = (path: string, message: string) => new InvalidInput([{ path, message }])

/** How many are asked for, from which end ever. Throws `InvalidInput` for a size out of bounds, or two of them. */
export function readSize(args: PageArgs): number {
  for (const [path, size] of Object.entries({ first: args.first, last: args.last })) {
    if (size != null && (size < 0 || size > MAX_SIZE)) throw refuse(path, `must be from 0 to ${MAX_SIZE}.`)
  }
  if (args.first != null && args.last != null) throw refuse('last', 'cannot be combined with first.')
  return args.last ?? args.first ?? DEFAULT_SIZE
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

function readCursor(path: string, text: string | null | undefined, sorting: Sorting): Cursor | null {
  if (text == null) return null
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    if (!Array.isArray(parsed) || parsed.length !== 3) throw new Error('not a place')
    const [column, value, id]: unknown[] = parsed
    if (column !== sorting.column) throw new Error('of a list sorted otherwise')
    if (typeof id !== 'string' || !UUID.test(id)) throw new Error('no id')
    if (value !== null && typeof value !== 'string') throw new Error('no value')
    if (value === null && !sorting.nullable) throw new Error('no value')
    if (value !== null && (value.includes('\0') || (sorting.dates && !isInstant(new Date(value))))) {
      throw new Error('not a value of this column')
    }
    return { column, value, id }
  } catch {
    throw refuse(path, 'is not a cursor of this list.')
  }
}

const writeCursor = ({ column, value, id }: Cursor) =>
  Buffer.from(JSON.stringify([column, value, id])).toString('base64url')

type Where = Readonly<Record<string, unknown>>
/** A list is read in two parts, so that an index answers each: rows with a value, and then, in both directions, those without. */
type Part = 'values' | 'nulls'

/** The rows of a part strictly beyond the cursor; null: there are none. */
function beyond(cursor: Cursor, { column, direction, dates }: Sorting, backward: boolean, part: Part): Where | null {
  const here: Part = cursor.value === null ? 'nulls' : 'values'
  if (part !== here) return (here === 'values') === backward ? null : {}
  const ahead = (direction === 'asc') !== backward ? 'gt' : 'lt'
  const tie = { id: { [ahead]: cursor.id } }
  if (cursor.value === null) return tie
  const value = dates ? new Date(cursor.value) : cursor.value
  // The first says where an index begins to read: the alternative behind it would read from the beginning.
  return { [column]: { [`${ahead}e`]: value }, OR: [{ [column]: { [ahead]: value } }, tie] }
}

function toKeysets(args: PageArgs, sorting: Sorting): Keyset[] {
  const take = readSize(args) + 1
  const { column, direction, nullable } = sorting
  const backward = args.last != null
  const order = (direction === 'asc') !== backward ? 'asc' : 'desc'
  const cursors = [
    { cursor: readCursor('after', args.after, sorting), backward: false },
    { cursor: readCursor('before', args.before, sorting), backward: true },
  ]
  const parts: readonly Part[] = !nullable ? ['values'] : backward ? ['nulls', 'values'] : ['values', 'nulls']
  return parts.flatMap((part) => {
    const bounds = cursors.map((one) => (one.cursor ? beyond(one.cursor, sorting, one.backward, part) : {}))
    if (bounds.includes(null)) return []
    const within = nullable ? [{ [column]: part === 'nulls' ? null : { not: null } }] : []
    const byId = column === 'id' ? [] : [{ id: order }]
    const orderBy = part === 'nulls' ? byId : [{ [column]: order }, ...byId]
    return [{ where: { AND: [...within, ...bounds] }, orderBy, take }]
  })
}

/** For a column that always has a value. Throws `InvalidInput` for a size out of bounds or a cursor of another list. */
export function toKeyset(args: PageArgs, sorting: Sorting & { readonly nullable: false }): Keyset {
  const [keyset] = toKeysets(args, sorting)
  if (!keyset) throw new Error('rows with a value are always a part')
  return keyset
}

/** The same for any column: reads the part behind only when the one before does not fill the page. */
export async function readRows<Row>(
  args: PageArgs,
  sorting: Sorting,
  read: (keyset: Keyset) => Promise<readonly Row[]>,
): Promise<Row[]> {
  const rows: Row[] = []
  for (const keyset of toKeysets(args, sorting)) {
    const missing = keyset.take - rows.length
    if (missing > 0) rows.push(...(await read({ ...keyset, take: missing })))
  }
  return rows
}

type Sorted<Column extends string> = { readonly id: string } & Readonly<Record<Column, Date | string | null>>

/** The page of rows that `toKeyset` or `readRows` asked for with this sorting. */
export function toPage<Column extends string, Row extends Sorted<Column>>(
  rows: readonly Row[],
  args: PageArgs,
  { column }: { readonly column: Column },
): Page<Row> {
  const size = readSize(args)
  const backward = args.last != null
  const more = rows.length > size
  const page = rows.slice(0, size)
  if (backward) page.reverse()
  const edges = page.map((node) => {
    const sortedBy: Date | string | null = node[column]
    const value = sortedBy instanceof Date ? sortedBy.toISOString() : sortedBy
    return { node, cursor: writeCursor({ column, value, id: node.id }) }
  })
  return {
    edges,
    pageInfo: {
      hasNextPage: backward ? args.before != null : more,
      hasPreviousPage: backward ? more : args.after != null,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}

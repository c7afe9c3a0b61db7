import { change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import { differences } from '../lib/differences.ts'
import { NO_ROW, type Order, type PageArgs, toKeyset, toPage, toSorting } from '../lib/page.ts'
import { InvalidInput, NotFound } from '../lib/problems.ts'
import { areIds, isId, parse, parseEdit } from '../lib/text.ts'
import { violationOf } from '../lib/unique.ts'
import { readSettings } from '../users/installation.store.ts'
import type { Act } from '../users/viewer.ts'
import { newPriceSchema, PriceTaken, priceEditSchema, type Rates } from './price.ts'
import { type ListedPrice, type PriceList, readPriceList } from './price-list.ts'
import * as store from './prices.store.ts'

type Row = store.PriceRow

const SORT = {
  MODEL: { column: 'modelPattern', nullable: false, dates: false },
  EFFECTIVE_FROM: { column: 'effectiveFrom', nullable: false, dates: true },
} as const

/** A page of all prices, past and future ones too; `query` says which relations to load with them. */
export async function listPrices(
  { parts }: Act,
  args: PageArgs,
  filter: store.PriceFilter,
  order: Order<keyof typeof SORT>,
  query: object,
) {
  const where = areIds(filter.providerId) ? store.toWhere(filter) : NO_ROW
  const sorting = toSorting(SORT, order)
  const rows = await store.listPrices(parts.db.prisma, where, toKeyset(args, sorting), query)
  const page = toPage(rows, args, sorting)
  return { ...page, countAll: () => store.countPrices(parts.db.prisma, where) }
}

const subjectOf = ({ id, modelPattern }: Row) => ({ subjectType: 'Price', subjectId: id, subjectName: modelPattern })

const taken = violationOf('prices_provider_model_from_key', () => new PriceTaken())

async function getProvider(tx: Tx, id: string) {
  const provider = isId(id) ? await store.lockProviderOfPrices(tx, id) : null
  if (!provider) throw new NotFound('provider')
  return provider
}

/** Costs are summed and held against money limits: they are all in one currency. */
async function requireCurrency({ parts }: Act, wished: string | null | undefined): Promise<string> {
  const { currency } = await readSettings(parts.db.prisma)
  if (wished == null || wished === currency) return currency
  throw new InvalidInput([{ path: 'currency', message: `must be ${currency}, the currency of this installation.` }])
}

/** Holds for requests from `effectiveFrom` (default: now) on. Throws `InvalidInput`, `NotFound`, `PriceTaken`. */
export async function createPrice(act: Act, input: unknown): Promise<Row> {
  const { parts } = act
  const given = parse(newPriceSchema, input)
  const facts = {
    providerId: given.providerId,
    modelPattern: given.modelPattern,
    effectiveFrom: given.effectiveFrom ?? parts.clock.now(),
    inputMicros: given.inputMicros,
    outputMicros: given.outputMicros,
    cachedMicros: given.cachedMicros ?? null,
    currency: await requireCurrency(act, given.currency),
  }
  return change(act, async (tx, record) => {
    await getProvider(tx, facts.providerId)
    const row = await store.insertPrice(tx, { id: parts.random.uuidv7(), ...facts, createdAt: parts.clock.now() })
    record({ action: 'createPrice', ...subjectOf(row), after: facts })
    return row
  }).catch(taken)
}

async function getPrice(tx: Tx, id: string): Promise<Row> {
  const row = isId(id) ? await store.lockPrice(tx, id) : null
  if (!row) throw new NotFound('price')
  return row
}

/** Entries keep the cost they were stored with. Throws `InvalidInput`, `NotFound`, `PriceTaken`. */
export async function updatePrice(act: Act, { id, ...input }: { readonly id: string }): Promise<Row> {
  const edit = parseEdit(priceEditSchema, input, ['cachedMicros'])
  return change(act, async (tx, record) => {
    const row = await getPrice(tx, id)
    const changed = differences(row, edit)
    if (!changed) return row
    record({ action: 'updatePrice', ...subjectOf(row), ...changed })
    return store.updatePrice(tx, id, changed.after)
  }).catch(taken)
}

/** Entries keep the cost they were stored with. Throws `NotFound`. */
export async function deletePrice(act: Act, id: string): Promise<Row> {
  return change(act, async (tx, record) => {
    const row = await getPrice(tx, id)
    record({ action: 'deletePrice', ...subjectOf(row), before: row })
    return store.deletePrice(tx, id)
  })
}

export type PriceImport = {
  readonly providerId: string
  readonly json: string
  readonly vendor: string
  readonly effectiveFrom?: Date | null | undefined
  readonly preview?: boolean | null | undefined
}

export type ImportedPrices = {
  readonly listed: number
  readonly leftOut: PriceList['leftOut']
  readonly added: number
  readonly unchanged: number
  readonly preview: boolean
  readonly models: readonly string[]
}

const isSame = (one: Rates, other: Rates) =>
  one.inputMicros === other.inputMicros &&
  one.outputMicros === other.outputMicros &&
  one.cachedMicros === other.cachedMicros

/** What of a list is new or different. A preview changes nothing. Throws `InvalidInput`, `NotFound`, `PriceTaken`. */
export async function importPrices(act: Act, input: PriceImport): Promise<ImportedPrices> {
  const { parts } = act
  const now = parts.clock.now()
  const effectiveFrom = input.effectiveFrom ?? now
  const { listed, leftOut } = readPriceList(input.json, input.vendor)
  const currency = await requireCurrency(act, 'USD')
  const isNew = (known: ReadonlyMap<string, Rates>) => (price: ListedPrice) => {
    const before = known.get(price.modelPattern)
    return before === undefined || !isSame(before, price)
  }
  return change(act, async (tx, record) => {
    const provider = await getProvider(tx, input.providerId)
    const inForce = await store.listPricesInForce(tx, provider.id, effectiveFrom)
    const added = listed.filter(isNew(new Map(inForce.map((row) => [row.modelPattern, row]))))
    const models = added.map(({ modelPattern }) => modelPattern)
    const preview = input.preview ?? false
    const answer = {
      listed: listed.length,
      leftOut,
      added: added.length,
      unchanged: listed.length - added.length,
      preview,
      models,
    }
    if (preview || added.length === 0) return answer
    const shared = { providerId: provider.id, effectiveFrom, currency, createdAt: now }
    await store.insertPrices(
      tx,
      added.map((price) => ({ id: parts.random.uuidv7(), ...price, ...shared })),
    )
    const subject = { subjectType: 'Price', subjectId: null, subjectName: provider.name }
    record({
      action: 'importPrices',
      ...subject,
      after: { effectiveFrom, added: added.length, vendor: input.vendor },
    })
    return answer
  }).catch(taken)
}

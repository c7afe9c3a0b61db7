import { builder } from '../graphql/builder.ts'
import { signedIn } from '../graphql/context.ts'
import { idInput } from '../graphql/input.ts'
import { problem } from '../graphql/problems.ts'
import { result } from '../graphql/result.ts'
import { NotFound } from '../lib/problems.ts'
import { PriceTaken } from './price.ts'
import type { LeftOutReason as Reason } from './price-list.ts'
import { Price } from './prices.graphql.ts'
import { createPrice, deletePrice, type ImportedPrices, importPrices, updatePrice } from './prices.service.ts'

builder.objectType(PriceTaken, {
  name: 'PriceTaken',
  ...problem('There is a price for this model pattern of this provider from the same instant on.'),
})

const scopes = { administrator: true, write: true } as const

type Row = Awaited<ReturnType<typeof createPrice>>

const successOf = (name: string, description: string) =>
  builder.objectRef<Row>(name).implement({
    description,
    fields: (t) => ({ price: t.field({ type: Price, description: 'The price.', resolve: (price) => price }) }),
  })

const PATTERN = 'A name or glob of models: `*` any characters, `?` one.'
const INPUT = 'Millionths of the currency per million tokens asked: 150000 is 0.15 per million.'
const OUTPUT = 'Millionths of the currency per million tokens answered.'
const CACHED = "The same for tokens from the provider's cache; null: as other input."

const CreatePriceInput = builder.inputType('CreatePriceInput', {
  description: 'A new price.',
  fields: (t) => ({
    providerId: t.id({ required: true, description: 'Whose models.' }),
    modelPattern: t.string({ required: true, description: PATTERN }),
    effectiveFrom: t.field({ type: 'DateTime', description: 'From when on it holds. Default: now.' }),
    inputMicros: t.field({ type: 'BigInt', required: true, description: INPUT }),
    outputMicros: t.field({ type: 'BigInt', required: true, description: OUTPUT }),
    cachedMicros: t.field({ type: 'BigInt', description: CACHED }),
    currency: t.string({ description: "ISO 4217; it must be the installation's, which is the default." }),
  }),
})

builder.mutationField('createPrice', (t) =>
  t.field({
    type: successOf('CreatePriceSuccess', 'The price holds for requests from its instant on.'),
    description: 'Enters a price. For administrators.',
    authScopes: scopes,
    args: { input: t.arg({ type: CreatePriceInput, required: true, description: 'The new price.' }) },
    errors: result('createPrice', [NotFound, PriceTaken]),
    resolve: (_root, { input }, context) => createPrice(signedIn(context), input),
  }),
)

const UpdatePriceInput = builder.inputType('UpdatePriceInput', {
  description: 'What to correct about a price. What is left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The price.' }),
    modelPattern: t.string({ description: PATTERN }),
    effectiveFrom: t.field({ type: 'DateTime', description: 'From when on it holds.' }),
    inputMicros: t.field({ type: 'BigInt', description: INPUT }),
    outputMicros: t.field({ type: 'BigInt', description: OUTPUT }),
    cachedMicros: t.field({ type: 'BigInt', description: CACHED }),
  }),
})

builder.mutationField('updatePrice', (t) =>
  t.field({
    type: successOf('UpdatePriceSuccess', 'The price is as wished. Requests that ended keep their cost.'),
    description: 'Corrects a price. For administrators.',
    authScopes: scopes,
    args: { input: t.arg({ type: UpdatePriceInput, required: true, description: 'The changes.' }) },
    errors: result('updatePrice', [NotFound, PriceTaken]),
    resolve: (_root, { input }, context) => updatePrice(signedIn(context), input),
  }),
)

builder.mutationField('deletePrice', (t) =>
  t.field({
    type: successOf('DeletePriceSuccess', 'The price is gone. Requests that ended keep their cost.'),
    description: 'Removes a price. For administrators.',
    authScopes: scopes,
    args: { input: t.arg({ type: idInput('DeletePriceInput', 'price'), required: true, description: 'The price.' }) },
    errors: result('deletePrice', [NotFound]),
    resolve: (_root, { input }, context) => deletePrice(signedIn(context), input.id),
  }),
)

const ImportPricesInput = builder.inputType('ImportPricesInput', {
  description: 'A public price list, and what to take from it.',
  fields: (t) => ({
    providerId: t.id({ required: true, description: 'The provider whose prices they become.' }),
    json: t.string({
      required: true,
      description: "The text of the list: LiteLLM's `model_prices_and_context_window.json`, dollars per token.",
    }),
    vendor: t.string({ required: true, description: "The list's `litellm_provider` to take: `openai`, `anthropic`." }),
    effectiveFrom: t.field({ type: 'DateTime', description: 'From when on they hold. Default: now.' }),
    preview: t.boolean({ description: 'True: only say what would be added. Default: false.' }),
  }),
})

const LeftOutReason = builder.enumType('PricesLeftOutReason', {
  description: 'Why rows of a price list bring no price.',
  values: {
    OTHER_VENDOR: { description: 'They are of another vendor, or of none.' },
    NOT_PER_TOKEN: { description: 'They have no price per token asked: it is by image, second or page.' },
    UNREADABLE: { description: 'A price is no number from 0 to 1 dollar per token.' },
    NO_MODEL_NAME: { description: 'Their name is empty, too long, or holds `*`, `?` or a control character.' },
    SAME_MODEL: { description: 'A later row is for the same model, with or without the vendor before its name.' },
  } satisfies Record<Reason, { description: string }>,
})

const PricesLeftOut = builder.objectRef<{ reason: Reason; rows: number }>('PricesLeftOut').implement({
  description: 'Rows of a price list that bring no price, for one reason.',
  fields: (t) => ({
    reason: t.expose('reason', { type: LeftOutReason, description: 'Why.' }),
    rows: t.exposeInt('rows', { description: 'How many.' }),
  }),
})

const ImportPricesSuccess = builder.objectRef<ImportedPrices>('ImportPricesSuccess').implement({
  description: 'What a price list brought, or would bring.',
  fields: (t) => ({
    preview: t.exposeBoolean('preview', { description: 'True: nothing was changed.' }),
    listed: t.exposeInt('listed', { description: 'How many prices per token the list has of this vendor.' }),
    leftOut: t.field({
      type: [PricesLeftOut],
      description: 'The rows of the list that bring no price, by reason.',
      resolve: ({ leftOut }) => [...leftOut].map(([reason, rows]) => ({ reason, rows })),
    }),
    added: t.exposeInt('added', { description: 'How many of them are new or different.' }),
    unchanged: t.exposeInt('unchanged', { description: 'How many hold already.' }),
    models: t.stringList({
      description: 'The models of the added ones, at most 100.',
      resolve: ({ models }) => models.slice(0, 100),
    }),
  }),
})

builder.mutationField('importPrices', (t) =>
  t.field({
    type: ImportPricesSuccess,
    description: 'Takes over the prices of one vendor from a public list. For administrators.',
    authScopes: scopes,
    args: { input: t.arg({ type: ImportPricesInput, required: true, description: 'The list.' }) },
    errors: result('importPrices', [NotFound, PriceTaken]),
    resolve: (_root, { input }, context) => importPrices(signedIn(context), input),
  }),
)

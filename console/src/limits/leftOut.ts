import type { ResultOf } from '../graphql.ts'
import { toCount } from '../ui/numbers.ts'
import type { ImportPrices } from './priceDocuments.ts'

/** What a price list brought, or would bring. */
export type Imported = Extract<ResultOf<typeof ImportPrices>['importPrices'], { __typename: 'ImportPricesSuccess' }>
type LeftOut = Imported['leftOut']

const reasons = {
  OTHER_VENDOR: 'of other vendors',
  NOT_PER_TOKEN: 'without a price per token',
  UNREADABLE: 'with a price that cannot be read',
  NO_MODEL_NAME: 'whose name is no model',
  SAME_MODEL: 'for a model that comes again',
} satisfies Record<LeftOut[number]['reason'], string>

/** `Left out: 2,300 of other vendors, 12 without a price per token.`; null: the list was taken whole. */
export const toLeftOut = (leftOut: LeftOut): string | null =>
  leftOut.length === 0
    ? null
    : `Left out: ${leftOut.map(({ reason, rows }) => `${toCount(rows)} ${reasons[reason]}`).join(', ')}.`

import { type Cost, toCost, toPlural } from '../ui/numbers.ts'
import { canAdminister, type Viewer } from '../users/viewer.ts'

/** What a sum of costs leaves out, in words; null: nothing. */
const toUnpriced = ({ unpriced }: Cost): string | null =>
  unpriced === 0 ? null : `${toPlural(unpriced, 'request')} without a price`

/** `$1.24 and 3 requests without a price` */
export const toCostText = (cost: Cost): string => [toCost(cost), toUnpriced(cost) ?? []].flat().join(' and ')

/** A sum of costs as a tile, which says what it leaves out, and to administrators where prices are entered. */
export function toCostTile(label: string, cost: Cost, who: Pick<Viewer, 'role'>) {
  const note = toUnpriced(cost)
  const link = canAdminister(who) ? '/admin/prices' : undefined
  return { label, value: toCost(cost), ...(note && { note, link }) }
}

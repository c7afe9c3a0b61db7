import { z } from 'zod'
import { Endpoint } from '../generated/prisma/enums.ts'
import { isInRanges, readRange, readRanges, writeRange } from '../lib/address.ts'
import { compileModels } from '../providers/model.ts'

/** What narrows a key. An empty list narrows nothing; a key never grants more than its owner may. */
export type Restrictions = {
  /** Names or globs. */
  readonly models: readonly string[]
  /** CIDRs. */
  readonly addresses: readonly string[]
  readonly endpoints: readonly Endpoint[]
}

/** The same, compiled once for many requests. */
export type Restriction = {
  allowsModel(model: string): boolean
  /** Reads the address (as `clientAddress` answers it) only where one is demanded; there, an unknown one is refused. */
  allowsAddress(read: () => string | null): boolean
  allowsEndpoint(endpoint: Endpoint): boolean
}

const yes = () => true
export const UNRESTRICTED: Restriction = { allowsModel: yes, allowsAddress: yes, allowsEndpoint: yes }

export function compileRestrictions({ models, addresses, endpoints }: Restrictions): Restriction {
  if (models.length === 0 && addresses.length === 0 && endpoints.length === 0) return UNRESTRICTED
  const ranges = readRanges(addresses)
  return {
    allowsModel: models.length === 0 ? yes : compileModels(models),
    allowsAddress: addresses.length === 0 ? yes : (read) => isInRanges(read(), ranges),
    allowsEndpoint: endpoints.length === 0 ? yes : (endpoint) => endpoints.includes(endpoint),
  }
}

const MAX_ITEMS = 100
const MAX_MODEL = 200

const list = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .max(MAX_ITEMS, `must have ${MAX_ITEMS} items or fewer.`)
    .transform((items) => [...new Set(items)])
    .nullish()
    // Null is no list: it means the same as leaving it out.
    .transform((items) => items ?? undefined)

const model = z
  .string()
  .trim()
  .min(1, 'must not be empty.')
  .max(MAX_MODEL, `must have ${MAX_MODEL} characters or fewer.`)
  .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'must not contain control characters.')

const network = z
  .string()
  .trim()
  .transform((text, context) => {
    const range = readRange(text)
    if (range) return writeRange(range)
    context.addIssue({ code: 'custom', message: 'must be an address or a network such as 10.0.0.0/8.' })
    return z.NEVER
  })

/** The members of a key's schema; what is left out stays as it is. */
export const restrictionMembers = { models: list(model), addresses: list(network), endpoints: list(z.enum(Endpoint)) }

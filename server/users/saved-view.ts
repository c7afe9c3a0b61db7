import { z } from 'zod'
import { name } from '../lib/text.ts'

/** Filters of one list of the console that a person keeps under a name. */
export type SavedView = {
  readonly id: string
  readonly userId: string
  /** The page of the console: `/admin/keys`. */
  readonly path: string
  readonly name: string
  /** As it stands in the address of the page. */
  readonly query: string
  readonly createdAt: Date
}

/** So few that a list of them needs no pages. */
export const MAX_VIEWS = 50

export const newViewSchema = z.object({
  path: z.string().regex(/^\/[a-z0-9/-]{1,100}$/, 'must be the path of a page.'),
  name: name({ min: 1, max: 40 }),
  query: z.string().regex(/^[\x21-\x7e]{0,2000}$/, 'must be a query of up to 2000 characters, as in an address.'),
})

export type NewView = z.input<typeof newViewSchema>

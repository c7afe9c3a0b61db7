import type { LocationQuery } from 'vue-router'

// Where in the list somebody is and what is open beside it belong to a visit, not to a view.
const ofVisit = ['after', 'before', 'new']

/** The filters, order and columns of an address in one form, so that equal views are equal texts. */
export function toViewQuery(query: LocationQuery): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    typeof value === 'string' && value !== '' && !ofVisit.includes(name) ? [[name, value]] : [],
  )
  return new URLSearchParams(pairs.sort()).toString()
}

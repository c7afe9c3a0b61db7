import { graphql, type ResultOf } from '../graphql.ts'

const PriceRow = graphql(`
  fragment PriceRow on Price {
    id
    modelPattern
    inputMicros
    outputMicros
    cachedMicros
    currency
    effectiveFrom
    createdAt
    provider { id name }
  }
`)

/** What a million tokens of a model cost from an instant on. */
export type Price = ResultOf<typeof PriceRow>

export const ListPrices = graphql(
  `
    query ListPrices($first: Int, $last: Int, $before: String, $after: String, $filter: PriceFilter, $orderBy: PriceOrder) {
      prices(first: $first, last: $last, before: $before, after: $after, filter: $filter, orderBy: $orderBy) {
        nodes { ...PriceRow }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `,
  [PriceRow],
)

export const CreatePrice = graphql(`
  mutation CreatePrice($input: CreatePriceInput!) {
    createPrice(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on CreatePriceSuccess { price { id } }
    }
  }
`)

export const UpdatePrice = graphql(`
  mutation UpdatePrice($input: UpdatePriceInput!) {
    updatePrice(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on UpdatePriceSuccess { price { id } }
    }
  }
`)

export const DeletePrice = graphql(`
  mutation DeletePrice($input: DeletePriceInput!) {
    deletePrice(input: $input) {
      __typename
      ... on Problem { message }
      ... on DeletePriceSuccess { price { id } }
    }
  }
`)

export const ImportPrices = graphql(`
  mutation ImportPrices($input: ImportPricesInput!) {
    importPrices(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on ImportPricesSuccess { added listed models preview unchanged leftOut { reason rows } }
    }
  }
`)

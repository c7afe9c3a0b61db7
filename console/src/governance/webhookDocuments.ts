import { graphql, type ResultOf } from '../graphql.ts'

const WebhookRow = graphql(`
  fragment WebhookRow on Webhook {
    id
    url
    kinds
    enabled
    createdAt
  }
`)

/** An address that is told. Its signing secret is shown once, when it is made. */
export type Webhook = ResultOf<typeof WebhookRow>

export const ListWebhooks = graphql(
  `
    query ListWebhooks($first: Int, $last: Int, $before: String, $after: String) {
      webhooks(first: $first, last: $last, before: $before, after: $after) {
        nodes { ...WebhookRow }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `,
  [WebhookRow],
)

export const CreateWebhook = graphql(
  `
    mutation CreateWebhook($input: CreateWebhookInput!) {
      createWebhook(input: $input) {
        __typename
        ... on Problem { message }
        ... on InvalidInput { issues { path message } }
        ... on CreateWebhookSuccess {
          webhook { ...WebhookRow }
          secret
        }
      }
    }
  `,
  [WebhookRow],
)

export const UpdateWebhook = graphql(
  `
    mutation UpdateWebhook($input: UpdateWebhookInput!) {
      updateWebhook(input: $input) {
        __typename
        ... on Problem { message }
        ... on InvalidInput { issues { path message } }
        ... on UpdateWebhookSuccess { webhook { ...WebhookRow } }
      }
    }
  `,
  [WebhookRow],
)

export const DeleteWebhook = graphql(`
  mutation DeleteWebhook($input: DeleteWebhookInput!) {
    deleteWebhook(input: $input) {
      __typename
      ... on Problem { message }
      ... on DeleteWebhookSuccess { id }
    }
  }
`)

const DeliveryRow = graphql(`
  fragment DeliveryRow on Delivery {
    id
    kind
    title
    webhookUrl
    recipientName
    status
    attempts
    createdAt
    nextAttemptAt
    finishedAt
    responseStatus
    lastError
  }
`)

/** One notice on its way to a mailbox or a webhook. */
export type Delivery = ResultOf<typeof DeliveryRow>

export const ListDeliveries = graphql(
  `
    query ListDeliveries($first: Int, $last: Int, $before: String, $after: String, $filter: DeliveryFilter) {
      deliveries(first: $first, last: $last, before: $before, after: $after, filter: $filter) {
        nodes { ...DeliveryRow }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
      }
    }
  `,
  [DeliveryRow],
)

export const TestWebhook = graphql(
  `
    mutation TestWebhook($input: TestWebhookInput!) {
      testWebhook(input: $input) {
        __typename
        ... on Problem { message }
        ... on TestWebhookSuccess { delivery { ...DeliveryRow } }
      }
    }
  `,
  [DeliveryRow],
)

export const Redeliver = graphql(
  `
    mutation Redeliver($input: RedeliverInput!) {
      redeliver(input: $input) {
        __typename
        ... on Problem { message }
        ... on RedeliverSuccess { delivery { ...DeliveryRow } }
      }
    }
  `,
  [DeliveryRow],
)

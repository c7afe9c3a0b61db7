import { graphql, type ResultOf } from '../graphql.ts'

export const ShowMail = graphql(`
  query ShowMail {
    mailSettings { host port tls username hasPassword fromAddress }
  }
`)

/** How mail is sent. The password itself never leaves the server. */
export type Mail = ResultOf<typeof ShowMail>['mailSettings']

export const UpdateMail = graphql(`
  mutation UpdateMail($input: UpdateMailSettingsInput!) {
    updateMailSettings(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on UpdateMailSettingsSuccess { settings { host } }
    }
  }
`)

export const TestMail = graphql(`
  mutation TestMail($input: TestMailInput) {
    testMail(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on TestMailSuccess { error }
    }
  }
`)

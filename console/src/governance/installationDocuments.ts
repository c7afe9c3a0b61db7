import { graphql, type ResultOf } from '../graphql.ts'

const InstallationRow = graphql(`
  fragment InstallationRow on InstallationSettings {
    timeZone
    currency
    defaultMaxTokens
    usageRetentionDays
    auditRetentionDays
  }
`)

export const ShowInstallation = graphql(
  `
    query ShowInstallation {
      installationSettings { ...InstallationRow }
    }
  `,
  [InstallationRow],
)

export type Installation = ResultOf<typeof InstallationRow>

export const UpdateInstallation = graphql(
  `
    mutation UpdateInstallation($input: UpdateInstallationSettingsInput!) {
      updateInstallationSettings(input: $input) {
        __typename
        ... on Problem { message }
        ... on InvalidInput { issues { path message } }
        ... on UpdateInstallationSettingsSuccess { settings { ...InstallationRow } }
      }
    }
  `,
  [InstallationRow],
)

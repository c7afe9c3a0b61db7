import { graphql, type ResultOf } from '../graphql.ts'

const GovernanceRow = graphql(`
  fragment GovernanceRow on GovernanceSettings {
    selfApprovalAllowed
    requestDays
    administratorsTold
  }
`)

export const ShowGovernance = graphql(
  `
    query ShowGovernance {
      governanceSettings { ...GovernanceRow }
    }
  `,
  [GovernanceRow],
)

/** How this installation governs its keys. */
export type Governance = ResultOf<typeof GovernanceRow>

export const UpdateGovernance = graphql(
  `
    mutation UpdateGovernance($input: UpdateGovernanceSettingsInput!) {
      updateGovernanceSettings(input: $input) {
        __typename
        ... on Problem { message }
        ... on InvalidInput { issues { path message } }
        ... on UpdateGovernanceSettingsSuccess { settings { ...GovernanceRow } }
      }
    }
  `,
  [GovernanceRow],
)

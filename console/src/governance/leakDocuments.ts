import { graphql, type ResultOf } from '../graphql.ts'

export const ShowLeakReporters = graphql(`
  query ShowLeakReporters {
    governanceSettings { leakReporters { identifier publicKey } }
  }
`)

export type LeakReporter = ResultOf<typeof ShowLeakReporters>['governanceSettings']['leakReporters'][number]

export const UpdateLeakReporters = graphql(`
  mutation UpdateLeakReporters($input: UpdateGovernanceSettingsInput!) {
    updateGovernanceSettings(input: $input) {
      __typename
      ... on Problem { message }
      ... on InvalidInput { issues { path message } }
      ... on UpdateGovernanceSettingsSuccess { settings { requestDays } }
    }
  }
`)

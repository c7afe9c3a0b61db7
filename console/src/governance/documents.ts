import { graphql, type ResultOf } from '../graphql.ts'

export const ShowInstallation = graphql(`
  query ShowInstallation {
    installationSettings { timeZone currency defaultMaxTokens usageRetentionDays }
  }
`)

export type Installation = ResultOf<typeof ShowInstallation>['installationSettings']

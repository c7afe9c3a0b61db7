/** What all of an installation shares. */
export type InstallationSettings = {
  /** IANA name: days, weeks and months of limits and reports are those of this zone. */
  readonly timeZone: string
  /** ISO 4217: what prices, costs and money limits are in. */
  readonly currency: string
  /** Tokens reserved for an answer whose request names no maximum. */
  readonly defaultMaxTokens: number
  /** Days after which usage entries are dropped; their sums stay. */
  readonly usageRetentionDays: number
  /** Days after which audit entries are removed behind a checkpoint; null: never. */
  readonly auditRetentionDays: number | null
}

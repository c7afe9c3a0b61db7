/** What one request used of one window of a limit; it travels with its usage entry, so that it counts once. */
export type Charge = {
  readonly limitId: string
  /** When the window began (epoch ms). */
  readonly at: number
  /** The run of the node that held the lease. */
  readonly node: string
  readonly amount: number
}

export const joined = (some: readonly Charge[], more: readonly Charge[]): readonly Charge[] =>
  more.length === 0 ? some : [...some, ...more]

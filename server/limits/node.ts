import type { LeaseStore } from './leases.store.ts'

/** What the gates of a node share. */
export type Node = {
  readonly id: string
  readonly store: Pick<LeaseStore, 'lease'>
  now(): number
  timeZone(): string
  /** How many nodes there were when the database last answered. */
  nodes: number
  nextReport(): number
  /** The database should soon hear what this node holds. */
  reportSoon(): void
}

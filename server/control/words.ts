import type { Config } from '../config.ts'
import type { BreakerState } from '../lib/breaker.ts'
import type { Confirmation } from '../lib/nodes.ts'
import type { Connection } from '../lib/pool.ts'

/** What the control process must know before it can serve. */
export type Beginning = {
  readonly config: Config
  readonly connection: Connection
  /** Where it listens: a unix socket that only this user reaches. */
  readonly socketPath: string
  /** Of the gateway, so that no provider is at our own address. */
  readonly ownPorts: readonly number[]
}

/** What only the gateway's process knows, each question with its answer. */
export type Questions = {
  /** Answered when the change with this number is applied there, and on the other nodes as far as they can be heard. */
  readonly applied: { readonly about: bigint; readonly answer: Confirmation | null }
  /** In Prometheus' text form. */
  readonly metrics: { readonly about: null; readonly answer: string }
  readonly breakerState: { readonly about: string; readonly answer: BreakerState }
}
export type Question = {
  [Name in keyof Questions]: { readonly name: Name; readonly about: Questions[Name]['about'] }
}[keyof Questions]

/** From the gateway's process to the control process. */
export type ToControl =
  | { readonly kind: 'begin'; readonly beginning: Beginning }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  /** The question failed; why is in the log of the gateway. */
  | { readonly kind: 'failed'; readonly id: number }
  /** Whoever follows something is told that there will be no more. */
  | { readonly kind: 'drain' }
  | { readonly kind: 'end' }

/** From the control process to the gateway's. */
export type ToGateway =
  /** It answers. The token is for whoever sets this installation up; null: that has happened. */
  | { readonly kind: 'ready'; readonly setupToken: string | null }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question }

/** The address of the caller, as the gateway's process found it. It takes the header from everybody else. */
export const ADDRESS_HEADER = 'x-aic-caller-address'

import { toCount, toPlural } from './numbers.ts'

export type Tone = 'refused' | 'allowed' | 'same'
export type Trial = {
  readonly lines: readonly { readonly tone: Tone; readonly text: string }[]
  readonly examples: readonly {
    readonly id: string
    readonly tone: Tone
    readonly title: string
    readonly detail: string
    readonly requests: number
  }[]
  /** How many requests were looked at. */
  readonly requests: number
}

type Sum = { readonly requests: number; readonly keys: number; readonly users: number }

function span(days: number): string {
  if (days < 1) return `the last ${toPlural(Math.round(days * 24), 'hour')}`
  return days === 1 ? 'the last day' : `the last ${toCount(Math.round(days * 10) / 10)} days`
}

/** `Would have refused 14 requests of 3 keys in the last 7 days.` */
export function toSentence(verb: string, sum: Sum, days: number): string {
  const of = `${toPlural(sum.keys, 'key')}${sum.users > 1 ? ` of ${toCount(sum.users)} users` : ''}`
  return `Would have ${verb} ${toPlural(sum.requests, 'request')} of ${of} in ${span(days)}.`
}

export function toNoChange(days: number): string {
  return `Would have changed nothing in ${span(days)}.`
}

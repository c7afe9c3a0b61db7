import type { Look } from '../ui/StatusBadge.vue'
import { noticeKinds } from '../users/inbox.ts'
import type { Delivery, Webhook } from './webhookDocuments.ts'

export type Event = Webhook['kinds'][number]

const isEvent = (kind: string): kind is Event => Object.hasOwn(noticeKinds, kind)

/** What a webhook may ask for; a test is sent to it whatever it asked for. */
export const events: readonly { readonly value: Event; readonly label: string }[] = Object.keys(noticeKinds)
  .filter(isEvent)
  .filter((kind) => kind !== 'WEBHOOK_TEST')
  .map((value) => ({ value, label: noticeKinds[value].label }))

/** `Key leaked, Key expired`, or that it hears of everything. */
export function toEvents(kinds: readonly Event[]): string {
  return kinds.length === 0 ? 'All events' : kinds.map((kind) => noticeKinds[kind].label).join(', ')
}

export const deliveryLooks = {
  WAITING: { label: 'Waiting', icon: 'i-lucide-hourglass', color: 'info' },
  DELIVERED: { label: 'Delivered', icon: 'i-lucide-circle-check', color: 'success' },
  FAILED: { label: 'Failed', icon: 'i-lucide-circle-x', color: 'error' },
} as const satisfies Record<Delivery['status'], Look>

/** `hooks.example.org` of an address, as its short name. */
export function toHost(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}

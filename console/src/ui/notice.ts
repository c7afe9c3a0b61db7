import { shallowReactive } from 'vue'

export type Notice = { readonly id: number; readonly title: string; readonly description?: string }

const shown = shallowReactive<Notice[]>([])
const lifeMs = 6_000
let last = 0

/** What is said at the moment, the oldest first. */
export const notices: readonly Notice[] = shown

export function dismiss(id: number): void {
  const at = shown.findIndex((notice) => notice.id === id)
  if (at >= 0) shown.splice(at, 1)
}

/** Says in a corner, for a few seconds, that something was done. What was refused is said where it was asked for. */
export function say(title: string, description?: string): void {
  last += 1
  const id = last
  shown.push({ id, title, ...(description ? { description } : {}) })
  setTimeout(() => dismiss(id), lifeMs)
}

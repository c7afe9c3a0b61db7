import { createSharedComposable, useDocumentVisibility, useIntervalFn } from '@vueuse/core'
import { computed } from 'vue'
import { useLiveQuery } from '../query.ts'
import { CountUnread, type InboxNotice } from './inboxDocuments.ts'

/** What a notice is about, at a glance. */
export const noticeIcons = {
  KEY_EXPIRING: 'i-lucide-clock-alert',
  KEY_EXPIRED: 'i-lucide-timer-off',
  KEY_IDLE: 'i-lucide-moon',
  KEY_LEAKED: 'i-lucide-shield-alert',
  ROTATION_DUE: 'i-lucide-refresh-cw',
  POLICY_BROKEN: 'i-lucide-ruler',
  APPROVAL_ASKED: 'i-lucide-hand',
  APPROVAL_ANSWERED: 'i-lucide-stamp',
  LIMIT_WARNING: 'i-lucide-gauge',
  LIMIT_REACHED: 'i-lucide-octagon-alert',
  REVIEW_ASKED: 'i-lucide-list-checks',
  REVIEW_DUE: 'i-lucide-calendar-clock',
  EMERGENCY: 'i-lucide-siren',
  EMERGENCY_UNDONE: 'i-lucide-undo-2',
  NEW_SIGN_IN: 'i-lucide-log-in',
  WEBHOOK_TEST: 'i-lucide-webhook',
} as const satisfies Record<InboxNotice['kind'], string>

const askEveryMs = 30_000

/**
 * How many notices the viewer has not read; asked again every half minute while the tab is looked at. One question for
 * all who show it.
 */
export const useUnread = createSharedComposable(() => {
  const query = useLiveQuery(CountUnread, {})
  const visibility = useDocumentVisibility()
  useIntervalFn(() => {
    if (visibility.value === 'visible') query.reload()
  }, askEveryMs)
  return computed(() => query.data.value?.unreadNoticeCount ?? 0)
})

import { createSharedComposable } from '@vueuse/core'
import { computed } from 'vue'
import { useLiveQuery } from '../query.ts'
import { usePoll } from '../ui/poll.ts'
import { CountUnread, type InboxNotice } from './inboxDocuments.ts'

type Kind = { readonly label: string; readonly icon: string }

/** What a notice is about: at a glance, and as an event that a webhook may ask for. */
export const noticeKinds = {
  KEY_EXPIRING: { label: 'Key about to expire', icon: 'i-lucide-clock-alert' },
  KEY_EXPIRED: { label: 'Key expired', icon: 'i-lucide-timer-off' },
  KEY_IDLE: { label: 'Idle key expired', icon: 'i-lucide-moon' },
  KEY_LEAKED: { label: 'Key leaked', icon: 'i-lucide-shield-alert' },
  ROTATION_DUE: { label: 'Rotation due', icon: 'i-lucide-refresh-cw' },
  POLICY_BROKEN: { label: 'Policy not followed', icon: 'i-lucide-ruler' },
  APPROVAL_ASKED: { label: 'Approval asked for', icon: 'i-lucide-hand' },
  APPROVAL_ANSWERED: { label: 'Request answered', icon: 'i-lucide-stamp' },
  LIMIT_WARNING: { label: 'Limit at 80 %', icon: 'i-lucide-gauge' },
  LIMIT_REACHED: { label: 'Limit used up', icon: 'i-lucide-octagon-alert' },
  REVIEW_ASKED: { label: 'Review asked for', icon: 'i-lucide-list-checks' },
  REVIEW_DUE: { label: 'Review ends soon', icon: 'i-lucide-calendar-clock' },
  EMERGENCY: { label: 'Emergency', icon: 'i-lucide-siren' },
  EMERGENCY_UNDONE: { label: 'Emergency undone', icon: 'i-lucide-undo-2' },
  NEW_SIGN_IN: { label: 'New sign-in', icon: 'i-lucide-log-in' },
  WEBHOOK_TEST: { label: 'Webhook test', icon: 'i-lucide-webhook' },
} as const satisfies Record<InboxNotice['kind'], Kind>

const askEveryMs = 30_000

/**
 * How many notices the viewer has not read; asked again every half minute while the tab is looked at. One question for
 * all who show it.
 */
export const useUnread = createSharedComposable(() => {
  const query = useLiveQuery(CountUnread, {})
  usePoll(query.reload, askEveryMs)
  return computed(() => query.data.value?.unreadNoticeCount ?? 0)
})

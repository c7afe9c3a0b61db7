import { createSharedComposable } from '@vueuse/core'
import { computed } from 'vue'
import { useLiveQuery } from '../query.ts'
import { usePoll } from '../ui/poll.ts'
import { useViewer } from '../users/viewer.ts'
import { CountWaiting } from './requestDocuments.ts'

const askEveryMs = 30_000

/** How many requests wait for an answer of this viewer. One question for all who show it. */
export const useWaitingCount = createSharedComposable(() => {
  const viewer = useViewer()
  const { data, reload } = useLiveQuery(CountWaiting, {}, () => viewer.value.role === 'AUDITOR')
  usePoll(reload, askEveryMs)
  return computed(() => (data.value ? data.value.all.totalCount - data.value.own.totalCount : 0))
})

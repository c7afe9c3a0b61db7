import { createSharedComposable, useIntervalFn } from '@vueuse/core'
import { ref } from 'vue'

/**
 * The present in milliseconds, moving every 15 s, so that "2 minutes ago" does not grow old on the screen.
 * One clock for all who watch it.
 */
export const useMoment = createSharedComposable(() => {
  const now = ref(Date.now())
  useIntervalFn(() => {
    now.value = Date.now()
  }, 15_000)
  return now
})

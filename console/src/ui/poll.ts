import { useDocumentVisibility, useIntervalFn } from '@vueuse/core'

/** Runs something again and again, as long as the tab is looked at. */
export function usePoll(run: () => void, everyMs: number): void {
  const visibility = useDocumentVisibility()
  useIntervalFn(() => {
    if (visibility.value === 'visible') run()
  }, everyMs)
}

import { computed, ref } from 'vue'
import type { PageArguments } from './urlState.ts'

/** The page of a small list inside a page, which is not worth a place in the address. */
export function useLocalPage(size = 10) {
  const cursor = ref<{ after?: string | null; before?: string | null }>({})
  const page = computed<PageArguments>(() => {
    const { after, before } = cursor.value
    if (before) return { last: size, before }
    return after ? { first: size, after } : { first: size }
  })
  return {
    page,
    isFirst: computed(() => !cursor.value.after && !cursor.value.before),
    go: (where: { after?: string | null; before?: string | null }) => {
      cursor.value = where
    },
  }
}

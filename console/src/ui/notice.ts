import { useToast } from '@nuxt/ui/composables'

/** Says in a corner, for a few seconds, that something was done. What was refused is said where it was asked for. */
export function useNotice() {
  const toast = useToast()
  return (title: string, description?: string) => {
    toast.add({ title, ...(description ? { description } : {}), icon: 'i-lucide-circle-check', color: 'success' })
  }
}

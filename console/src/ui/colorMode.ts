import { useColorMode } from '@vueuse/core'

export type ColorChoice = 'light' | 'dark' | 'auto'

/**
 * Light, dark or as the system says. `disableTransition` stays off because it would write a style element;
 * public/color-mode.js reads the same storage key before the first paint.
 */
export function useColorChoice() {
  return useColorMode({ storageKey: 'aic-color-mode', disableTransition: false, emitAuto: true })
}

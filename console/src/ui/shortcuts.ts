import { useEventListener } from '@vueuse/core'
import { onScopeDispose, type ShallowRef, shallowReactive, shallowRef } from 'vue'

export type Shortcut = { readonly keys: string; readonly label: string; readonly run: () => void }

const registered = shallowReactive<Shortcut[]>([])

/** What the keyboard can do on the page that is open; the help dialog lists it. */
export const shortcuts: readonly Shortcut[] = registered

export const isPaletteOpen: ShallowRef<boolean> = shallowRef(false)
export const isHelpOpen: ShallowRef<boolean> = shallowRef(false)

/** Adds single-key shortcuts for as long as the calling component lives. A later one wins over an earlier one. */
export function useShortcuts(own: readonly Shortcut[]): void {
  registered.push(...own)
  onScopeDispose(() => {
    for (const one of own) {
      const at = registered.indexOf(one)
      if (at >= 0) registered.splice(at, 1)
    }
  })
}

function isTyping(event: KeyboardEvent): boolean {
  const target = event.target
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || target.closest('input, textarea, select, [role="combobox"]') !== null
}

function isCovered(): boolean {
  return document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"]') !== null
}

/** Listens once, for the whole console. Single keys rest while someone types or a dialog is open. */
export function useShortcutListener(): void {
  useEventListener(document, 'keydown', (event: KeyboardEvent) => {
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault()
      isPaletteOpen.value = !isPaletteOpen.value
      return
    }
    if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event) || isCovered()) return
    const match = registered.findLast((one) => one.keys === event.key)
    if (match === undefined) return
    event.preventDefault()
    match.run()
  })
}

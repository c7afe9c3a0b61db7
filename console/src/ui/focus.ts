import { useEventListener, useMutationObserver } from '@vueuse/core'

/** Longer than a menu or a dialog takes to give the focus back by itself. */
const graceMs = 50

/**
 * Keeps the focus on the page when what had it is gone, such as a deleted row, a filter that was taken off or the
 * button of an empty list: it goes to what surrounded it, else to the page itself. Browsers would drop it, and with it
 * the place of the keyboard and of a screen reader. Called once, for the whole console.
 */
export function useFocusKeeper(): void {
  let focused: Element | null = null
  let around: readonly HTMLElement[] = []

  function remember(target: EventTarget | null) {
    focused = target instanceof Element ? target : null
    around = []
    for (let place = focused?.parentElement; place; place = place.parentElement) {
      if (place.hasAttribute('tabindex')) around = [...around, place]
    }
  }

  function keep() {
    if (focused === null || focused.isConnected || document.activeElement !== document.body) return
    const place = around.find((one) => one.isConnected) ?? document.getElementById('main')
    place?.focus({ preventScroll: true })
  }

  useEventListener(document, 'focusin', (event) => remember(event.target))
  // Who points at something else lets go of the focus on purpose.
  useEventListener(document, 'pointerdown', ({ target }) => {
    if (target instanceof Node && !focused?.contains(target)) remember(null)
  })
  useMutationObserver(
    () => document.body,
    () => {
      if (focused?.isConnected === false) setTimeout(keep, graceMs)
    },
    { childList: true, subtree: true },
  )
}

/** Leads to the first field that is wrong, which may be out of sight, as soon as it is marked. */
export function showMistake(): void {
  setTimeout(() => {
    const place = [...document.querySelectorAll('[role="dialog"]')].at(-1) ?? document
    place.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  })
}

/** Leads to a mistake whenever a form is sent with one. Called once, for the whole console. */
export function useMistakeFinder(): void {
  useEventListener(document, 'submit', showMistake)
}

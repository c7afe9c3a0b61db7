import { type Component, markRaw, shallowRef } from 'vue'

type Dialog = abstract new (...args: never) => { readonly $props: { open: boolean } }
type Shown = { readonly dialog: Component; readonly props: object }

/** The dialog that a row, or another part of the page, asked for. The shell shows it. */
export const shownDialog = shallowRef<Shown | null>(null)

/**
 * Shows a dialog until it is closed or the page is left. What asked for it may go in the meantime: a rotated key leaves
 * a list of expiring keys, and its new secret must stay on show.
 */
export function showDialog<D extends Dialog & Component>(
  dialog: D,
  props: Omit<InstanceType<D>['$props'], 'open'>,
): void {
  shownDialog.value = { dialog: markRaw(dialog), props }
}

export function closeDialog(): void {
  shownDialog.value = null
}

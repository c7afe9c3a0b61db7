export type Column = {
  readonly id: string
  readonly label: string
  /** The name the list sorts by; without one the column cannot be sorted. */
  readonly sort?: string
  /** Classes of both the header and the cells, such as the width from which the column shows. */
  readonly class?: string
  /** The label is for screen readers only, as for the column of actions. */
  readonly isQuiet?: boolean
  readonly isNumeric?: boolean
  /** Stays in sight at the right edge while the rest scrolls sideways. */
  readonly isPinned?: boolean
}

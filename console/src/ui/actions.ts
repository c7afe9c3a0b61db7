/** Something a person may do to one thing. A refused one stays visible and says why. */
export type Action = {
  readonly id: string
  readonly label: string
  readonly icon: string
  readonly run: () => void
  readonly refusal?: string | null
  readonly isDangerous?: boolean
}

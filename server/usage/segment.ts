import { fdatasyncSync } from 'node:fs'

/** A file of records, deleted when the database has everything that it says. */
export type Segment = {
  readonly path: string
  readonly fd: number
  size: number
  /** Intents in it whose end is not on disk or in the database yet. */
  openIntents: number
  /** Ends in it that the database does not have yet. */
  unstored: number
  /** True when some of its ends are no longer in memory and must be read back. */
  spilled: boolean
  /** True when no more is written to it. */
  closed: boolean
}

/** Waits until the disk has the file; answers the error when it does not take it. */
export function trySync(fd: number): unknown {
  try {
    fdatasyncSync(fd)
    return null
  } catch (error) {
    return error
  }
}

import { fdatasyncSync, ftruncateSync, openSync } from 'node:fs'

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

/**
 * A new file with room for so many bytes. While ext4 syncs a file, whoever makes it longer waits for the disk (up to
 * some milliseconds, a few times a second); a record that fills what is there hardly ever does. Throws when there is one.
 */
export function createSegment(path: string, bytes: number): Segment {
  const fd = openSync(path, 'wx', 0o600)
  try {
    ftruncateSync(fd, bytes)
  } catch {
    // It is only slower: whether the disk takes records is for the first of them to find out.
  }
  return { path, fd, size: 0, openIntents: 0, unstored: 0, spilled: false, closed: false }
}

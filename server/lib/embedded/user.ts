import { statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Whom PostgreSQL runs as; empty: the user of this process. */
export type RunAs = { readonly uid?: number; readonly gid?: number }

// PostgreSQL refuses to run as root. 65534 is nobody: it owns nothing else on a normal machine.
const NOBODY = 65_534

/** The owner of an existing cluster, else nobody, when this process is root; otherwise this process's own user. */
export function chooseUser(cluster: string): RunAs {
  if (process.getuid?.() !== 0) return {}
  const owner = statSync(cluster, { throwIfNoEntry: false })
  return owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : { uid: NOBODY, gid: NOBODY }
}

/** True when that user may pass through every directory down to `path`. */
export function canReach({ uid, gid }: RunAs, path: string): boolean {
  if (uid === undefined) return true
  for (let directory = path; ; directory = dirname(directory)) {
    const found = statSync(directory, { throwIfNoEntry: false })
    if (found && !mayPass(found, uid, gid)) return false
    if (directory === dirname(directory)) return true
  }
}

function mayPass(found: { uid: number; gid: number; mode: number }, uid: number, gid: number | undefined): boolean {
  if (found.uid === uid) return (found.mode & 0o100) !== 0
  if (found.gid === gid) return (found.mode & 0o010) !== 0
  return (found.mode & 0o001) !== 0
}

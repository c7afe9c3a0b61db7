import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync, readlinkSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SHARED_DIR } from './binaries.ts'
import { canReach, chooseUser, type RunAs } from './user.ts'

/** Where one embedded cluster lives and whom it belongs to. */
export type Place = {
  readonly user: RunAs
  /** PostgreSQL's own data directory. */
  readonly cluster: string
  /** The directory of its unix socket: closed to everyone but its user and root. */
  readonly socketDir: string
  /** True when the data directory only holds a link to it. */
  readonly elsewhere: boolean
}

// The kernel's limit is 107 bytes (103 on macOS) for the whole path, of which `/.s.PGSQL.5432.lock` is the longest end.
const MAX_SOCKET_DIR = 84

/** Finds or prepares the place of the data directory's cluster. */
export function findPlace(dataDir: string): Place {
  const home = findHome(dataDir)
  const user = chooseUser(join(home, 'pg'))
  return {
    user,
    cluster: join(home, 'pg'),
    socketDir: prepareSocketDir(join(home, 'run'), user),
    elsewhere: home !== dataDir,
  }
}

/** Makes a directory that only `user` (and root) may enter. */
export function makePrivateDir(path: string, { uid, gid }: RunAs): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
  chmodSync(path, 0o700)
}

// As root, a data directory below somebody's 0700 home cannot be entered by PostgreSQL's user, and opening that home
// up is not ours to decide: the cluster then lies in the shared directory and the data directory links to it.
function findHome(dataDir: string): string {
  const user = chooseUser(join(dataDir, 'pg'))
  if (user.uid === undefined) return dataDir
  const link = join(dataDir, 'database')
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) return readlinkSync(link)
  openOwnDir(dataDir)
  if (canReach(user, dataDir)) return dataDir
  mkdirSync(join(SHARED_DIR, 'clusters'), { recursive: true, mode: 0o711 })
  const home = mkdtempSync(join(SHARED_DIR, 'clusters', 'c-'))
  chmodSync(home, 0o711)
  symlinkSync(home, link)
  return home
}

function openOwnDir(dataDir: string): void {
  const { mode, uid } = statSync(dataDir)
  if (uid === 0 && (mode & 0o001) === 0) chmodSync(dataDir, mode | 0o111)
}

/** A directory for unix sockets that only `user` (and root) may enter: the wanted one, or one with a shorter path. */
export function prepareSocketDir(wanted: string, user: RunAs): string {
  // mkdtemp makes a new 0700 directory or fails: nobody can have put one in its place.
  const path = Buffer.byteLength(wanted) <= MAX_SOCKET_DIR ? wanted : mkdtempSync(join(tmpdir(), 'aic-'))
  makePrivateDir(path, user)
  return path
}

import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { EXIT, StartFailure } from './exit.ts'

// A process that was just killed is gone when the kernel has closed its files, a moment after its parent heard of it.
const PATIENCE_MS = 1_000

/** Held while this process owns the data directory; ends with the process, however that ends. */
export type DataDirLock = { release(): void }

/**
 * Creates the directory and takes it for this process; a second process gets `StartFailure` (exit code 73).
 *
 * Node has no file locks, but its SQLite takes one of the operating system's: it needs no clearing up after
 * `kill -9`, cannot be taken twice by two starts at the same instant, and is seen from other containers as well.
 */
export function lockDataDir(dataDir: string): DataDirLock {
  makeDataDir(dataDir)
  const database = openLock(dataDir)
  try {
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw new StartFailure(EXIT.dataDirectoryInUse, `Another process uses the data directory ${dataDir}`, {
      cause: error,
    })
  }
  return { release: () => database.close() }
}

function openLock(dataDir: string): DatabaseSync {
  try {
    return new DatabaseSync(join(dataDir, 'owner.lock'), { timeout: PATIENCE_MS })
  } catch (error) {
    throw new StartFailure(EXIT.badConfiguration, `The data directory ${dataDir} cannot be used`, { cause: error })
  }
}

function makeDataDir(dataDir: string): void {
  try {
    makeWithParents(dataDir)
  } catch (error) {
    throw new StartFailure(EXIT.badConfiguration, `The data directory ${dataDir} cannot be made`, { cause: error })
  }
}

/** Node's own `recursive` never ends below a directory in which nothing can be made, such as /proc. */
function makeWithParents(path: string): void {
  if (existsSync(path)) return
  makeWithParents(dirname(path))
  try {
    // Names inside are no secret and the embedded database's own user has to pass; each secret file is 0600 itself.
    mkdirSync(path, { mode: 0o711 })
  } catch (error) {
    // Another start has made it at the same time.
    if (!existsSync(path)) throw error
  }
}

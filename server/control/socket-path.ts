import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { prepareSocketDir } from '../lib/embedded/place.ts'
import { systemRandom } from '../lib/random.ts'

/**
 * Where the control process of this start listens: in a directory of the data directory that only this user may enter.
 * Each start has a name of its own, since the process of an earlier one takes its name away when it ends at last.
 */
export function findSocketPath(dataDir: string): string {
  const wanted = join(dataDir, 'control')
  rmSync(wanted, { recursive: true, force: true })
  return join(prepareSocketDir(wanted, {}), systemRandom.bytes(6).toString('hex'))
}

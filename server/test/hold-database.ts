import { lockDataDir } from '../lib/data-dir.ts'
import { startEmbedded } from '../lib/embedded/embedded.ts'
import { createLog } from '../lib/log.ts'

// Run as a process of its own by embedded.test.ts, which kills it.
const [, , dataDir = ''] = process.argv
lockDataDir(dataDir)
await startEmbedded({ dataDir, log: createLog('silent') })
process.stdout.write('holding\n')
setInterval(() => undefined, 1_000)

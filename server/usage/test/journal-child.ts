import { writeSync } from 'node:fs'
import { createLog } from '../../lib/log.ts'
import { systemRandom } from '../../lib/random.ts'
import { Journal } from '../journal.ts'
import { JournalFailure } from '../segments.ts'
import type { UsageIntent } from '../usage-entry.ts'
import { anEntry, anIntent } from './entries.ts'

// Records as fast as it can and says what it has recorded, until somebody kills it or the disk refuses.
const journal = new Journal({
  directory: process.argv[2] ?? '',
  sync: 'group',
  log: createLog('silent'),
  segmentBytes: 20_000,
  maxQueued: 10,
})
const say = (text: string) => writeSync(1, `${text}\n`)

function begin() {
  const intent: UsageIntent = anIntent(systemRandom.uuidv7())
  const segment = journal.begin(intent)
  say(`begun ${intent.id}`)
  return { intent, segment }
}

say('ready')
try {
  for (;;) {
    const open = [begin(), begin(), begin()]
    for (const { intent, segment } of open) {
      journal.end(anEntry(intent), segment)
      say(`${journal.healthy ? 'ended' : 'kept'} ${intent.id}`)
    }
  }
} catch (error) {
  say(error instanceof JournalFailure ? 'refused' : String(error))
  process.exit(0)
}

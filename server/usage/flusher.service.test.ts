import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { createLog } from '../lib/log.ts'
import { systemRandom } from '../lib/random.ts'
import { testDb } from '../test/database.ts'
import { createFlusher } from './flusher.service.ts'
import { Journal } from './journal.ts'
import { BATCH } from './queue.ts'
import { anEntry, anIntent } from './test/entries.ts'

const db = await testDb()
const log = createLog('silent')
const directory = mkdtempSync(join(tmpdir(), 'aic-flusher-'))
const batches: number[] = []
const journal = new Journal({ directory, sync: 'group', log })
const flusher = createFlusher({ journal, db, log, announce: ({ length }) => batches.push(length) })
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

async function until(holds: () => boolean) {
  while (!holds()) await nextTurn()
}

function end(count: number) {
  for (let at = 0; at < count; at++) {
    const intent = anIntent(systemRandom.uuidv7())
    journal.end(anEntry(intent), journal.begin(intent))
  }
}

afterEach(() => vi.useRealTimers())
afterAll(async () => {
  await flusher.stop(5_000)
  journal.close()
  rmSync(directory, { recursive: true, force: true })
})

it('stores a full batch at once, and a part of one when its time has come', async () => {
  // Time stands still but for what this test says.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  flusher.start()
  await vi.advanceTimersByTimeAsync(0)
  end(BATCH - 1)
  await vi.advanceTimersByTimeAsync(900)
  expect(batches).toEqual([])
  end(1)
  await until(() => journal.queue.length === 0)
  expect(batches).toEqual([BATCH])
  await until(() => vi.getTimerCount() > 0)
  end(BATCH + 1)
  await until(() => journal.queue.length === 1)
  // What is left of a round waits for more.
  end(4)
  await vi.advanceTimersByTimeAsync(1_000)
  await until(() => journal.queue.length === 0)
  expect(batches).toEqual([BATCH, BATCH, 5])
})

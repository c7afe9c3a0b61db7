// What a killed process leaves can only be shown by killing one. The script of the shell, which bounds its files, is a
// constant; the program is our own, and all else are positional arguments: a number, and a folder that this test made.
import { spawn } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLog } from '../lib/log.ts'
import { systemRandom } from '../lib/random.ts'
import { testDb } from '../test/database.ts'
import { createFlusher, type Flusher } from './flusher.service.ts'
import { Journal } from './journal.ts'
import { segmentName } from './journal-file.ts'
import type { JournalSettings } from './journal-settings.ts'
import { anEntry, anIntent } from './test/entries.ts'
import { insertEntries } from './usage.store.ts'

const db = await testDb()
const log = createLog('silent')
const CHILD = fileURLToPath(new URL('test/journal-child.ts', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'aic-journal-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let directory = ''
beforeEach(async () => {
  directory = mkdtempSync(join(root, 'j'))
  await db.pool.query('TRUNCATE usage_entries, usage_rollups')
})

const openJournal = (set: Partial<JournalSettings> = {}) => new Journal({ directory, sync: 'group', log, ...set })
const newIntent = () => anIntent(systemRandom.uuidv7())
const flushers = new WeakMap<Journal, Flusher>()
function flush(journal: Journal): Promise<void> {
  const flusher = flushers.get(journal) ?? createFlusher({ journal, db, log })
  flushers.set(journal, flusher)
  return flusher.flush()
}

async function stored() {
  const { rows } = await db.pool.query<{ id: string; end: string }>('SELECT id, "end" FROM usage_entries')
  const sums = await db.pool.query<{ requests: string; input: string }>(
    'SELECT coalesce(sum(requests), 0) AS requests, coalesce(sum(input_tokens), 0) AS input FROM usage_rollups',
  )
  return { ends: new Map(rows.map(({ id, end }) => [id, end])), count: rows.length, sums: sums.rows[0] }
}

/** Runs the child and answers its lines, when it ended by itself or after `killAfterLines`; no file may outgrow `maxKiB`. */
function runChild(killAfterLines: number, maxKiB: number | 'unlimited' = 'unlimited'): Promise<string[]> {
  return new Promise((resolve) => {
    const limited = 'ulimit -f "$1" && shift && exec "$@"'
    const child = spawn('/bin/bash', ['-c', limited, 'bash', String(maxKiB), process.execPath, CHILD, directory])
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.split('\n').length > killAfterLines) child.kill('SIGKILL')
    })
    child.on('close', () => resolve(text.split('\n').slice(0, -1)))
  })
}

const idsOf = (lines: readonly string[], word: string) =>
  lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []))

describe('kill -9', () => {
  it.each([1, 10, 101, 500, 2_003])('after %i lines loses no request and counts none twice', async (lines) => {
    const said = await runChild(lines)
    const journal = openJournal()
    await flush(journal)
    await flush(journal)
    journal.close()
    const { ends, count, sums } = await stored()
    for (const id of idsOf(said, 'ended')) expect(ends.get(id)).toBe('COMPLETE')
    for (const id of idsOf(said, 'begun')) expect(['COMPLETE', 'INTERRUPTED']).toContain(ends.get(id))
    expect(ends.size).toBe(count)
    expect(Number(sums?.requests)).toBe(count)
    // A quarter of the 100 bytes of each that was interrupted: nobody read its prompt.
    const tokens = [...ends.values()].map((end) => (end === 'COMPLETE' ? 9 : 25))
    expect(Number(sums?.input)).toBe(tokens.reduce((sum, one) => sum + one, 0))
    await vi.waitFor(() => expect(readdirSync(directory)).toEqual([]))
  })

  it('in the middle of storing what an earlier one left changes nothing', async () => {
    await runChild(300)
    const again = readdirSync(directory).map(
      (name) => [join(directory, name), readFileSync(join(directory, name))] as const,
    )
    const first = openJournal()
    await flush(first)
    first.close()
    const before = await stored()
    for (const [path, bytes] of again) writeFileSync(path, bytes)
    const second = openJournal()
    await flush(second)
    second.close()
    expect(await stored()).toEqual(before)
  })
})

describe('a segment', () => {
  it('with a torn tail or a damaged line gives all its good lines', async () => {
    const journal = openJournal()
    const intents = [newIntent(), newIntent(), newIntent()]
    const segments = intents.map((intent) => journal.begin(intent))
    const path = segments[0]?.path ?? ''
    const size = segments[0]?.size ?? 0
    truncateSync(path, size - 7)
    appendFileSync(path, '\nnonsense\n0000')
    const next = openJournal()
    await flush(next)
    const { ends } = await stored()
    expect([...ends.keys()].toSorted()).toEqual(
      intents
        .slice(0, 2)
        .map(({ id }) => id)
        .toSorted(),
    )
    journal.close()
    next.close()
  })

  it('stays until all it says is in the database, and then goes', async () => {
    const journal = openJournal({ segmentBytes: 1 })
    const intent = newIntent()
    const segment = journal.begin(intent)
    const other = newIntent()
    journal.end(anEntry(other), journal.begin(other))
    await flush(journal)
    expect(readdirSync(directory)).toContain(segmentName(1))
    journal.end(anEntry(intent), segment)
    journal.begin(newIntent())
    await flush(journal)
    await vi.waitFor(() => expect(readdirSync(directory)).not.toContain(segmentName(1)))
    expect((await stored()).ends.get(intent.id)).toBe('COMPLETE')
    journal.close()
  })

  it('is read back when more requests ended than memory holds', async () => {
    const journal = openJournal({ maxQueued: 3, segmentBytes: 2_000 })
    const intents = Array.from({ length: 50 }, newIntent)
    for (const intent of intents) journal.end(anEntry(intent), journal.begin(intent))
    expect(journal.queue.length).toBe(3)
    await flush(journal)
    expect((await stored()).count).toBe(50)
    expect(Number((await stored()).sums?.requests)).toBe(50)
    journal.close()
    await vi.waitFor(() => expect(readdirSync(directory)).toEqual([]))
  })
})

describe('a disk that is full', () => {
  it('refuses new requests, keeps what ended in memory, and tears no line', async () => {
    const said = await runChild(1_000_000, 8)
    expect(said.at(-1)).toBe('refused')
    const journal = openJournal()
    await flush(journal)
    const { ends } = await stored()
    expect(idsOf(said, 'begun').filter((id) => !ends.has(id))).toEqual([])
    journal.close()
  })

  it('that can be written again takes requests again', async () => {
    const journal = openJournal()
    rmSync(directory, { recursive: true })
    expect(() => journal.begin(newIntent())).toThrow('journal')
    expect(journal.healthy).toBe(false)
    const kept = newIntent()
    journal.end(anEntry(kept), null)
    mkdirSync(directory)
    const intent = newIntent()
    journal.end(anEntry(intent), journal.begin(intent))
    expect(journal.healthy).toBe(true)
    await flush(journal)
    expect([...(await stored()).ends.keys()].toSorted()).toEqual([kept.id, intent.id].toSorted())
    journal.close()
  })
})

it('always mode resolves when the disk has the record', async () => {
  const journal = openJournal({ sync: 'always' })
  journal.begin(newIntent())
  await journal.synced()
  expect(openJournal().synced()).toBe(null)
  journal.close()
})

describe('the database', () => {
  it('counts an entry once, however often and in whatever company it comes', async () => {
    const entries = Array.from({ length: 20 }, () => anEntry(newIntent()))
    await Promise.all([
      insertEntries(db.pool, entries),
      insertEntries(db.pool, entries.slice(5)),
      insertEntries(db.pool, entries.toReversed()),
    ])
    expect(await insertEntries(db.pool, entries)).toBe(0)
    const { count, sums } = await stored()
    expect([count, Number(sums?.requests), Number(sums?.input)]).toEqual([20, 20, 180])
  })

  it('takes entries of days long ago', async () => {
    expect(await insertEntries(db.pool, [anEntry(anIntent(systemRandom.uuidv7(), 1_700_000_000_000))])).toBe(1)
  })

  it('refusing one entry does not hold up the others', async () => {
    const journal = openJournal()
    const bad = { ...anEntry(newIntent()), latencyMs: 2 ** 40 }
    const good = Array.from({ length: 9 }, () => anEntry(newIntent()))
    for (const entry of [...good.slice(0, 4), bad, ...good.slice(4)]) journal.end(entry, null)
    await flush(journal)
    expect((await stored()).count).toBe(9)
    journal.close()
  })
})

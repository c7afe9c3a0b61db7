import { rmSync } from 'node:fs'
import type { Db } from '../lib/db.ts'
import type { Logger } from '../lib/log.ts'
import { forgetNodes } from '../limits/leases.store.ts'
import { costOf } from '../limits/price.ts'
import { PriceIndex } from '../limits/price-index.ts'
import { listAllPrices } from '../limits/prices.store.ts'
import { Batch } from './batch.ts'
import { readSegment } from './journal-file.ts'
import { BATCH } from './queue.ts'
import { insertBatch, refusesData } from './usage.store.ts'
import { toInterrupted, type UsageEntry, type UsageIntent } from './usage-entry.ts'

type Needs = { readonly db: Pick<Db, 'pool'>; readonly log: Logger }

/** What an earlier run left: ends are stored again (they count once), intents without one became interrupted. */
export async function replay(needs: Needs, paths: readonly string[]): Promise<void> {
  const open = new Map<string, UsageIntent>()
  const nodes = new Set<string>()
  let stored = 0
  for (const path of paths) {
    let damaged = 0
    const ended: UsageEntry[] = []
    for (const record of readSegment(path)) {
      if (record.kind === 'damaged') {
        damaged++
        continue
      }
      const { charges } = record.kind === 'intent' ? record.intent : record.entry
      for (const { node } of charges ?? []) nodes.add(node)
      if (record.kind === 'intent') open.set(record.intent.id, record.intent)
      else {
        open.delete(record.entry.id)
        ended.push(record.entry)
      }
    }
    if (damaged > 0) needs.log.warn({ path, damaged }, 'lines of the usage journal were damaged and left out')
    stored += await storeAll(needs, ended)
  }
  stored += await storeAll(needs, await interrupted(needs, [...open.values()]))
  // Everything that run used is counted now: what it still seems to hold, it does not.
  await forgetNodes(needs.db.pool, [...nodes])
  for (const path of paths) rmSync(path, { force: true })
  needs.log.info({ stored, interrupted: open.size }, 'the usage journal of the last run is stored')
}

async function interrupted({ db }: Needs, open: readonly UsageIntent[]): Promise<readonly UsageEntry[]> {
  if (open.length === 0) return []
  const prices = new PriceIndex(await listAllPrices(db.pool))
  return open.map((intent) =>
    toInterrupted(intent, ({ providerId, answeredById, modelAsked, modelSent, startedAt }, input) => {
      const model = modelSent ?? modelAsked
      const price = model === null ? null : prices.find(answeredById ?? providerId, model, startedAt)
      return price && costOf(price, { input, output: 0, cached: null })
    }),
  )
}

/** Stores any number of entries; each counts once. Answers how many were new. */
export async function storeAll(needs: Needs, entries: readonly UsageEntry[]): Promise<number> {
  let added = 0
  for (let from = 0; from < entries.length; from += BATCH)
    added += await store(needs, Batch.of(entries.slice(from, from + BATCH)))
  return added
}

/** Stores a batch and answers how many were new. One entry that the database can never take must not hold up all others. */
export async function store(needs: Needs, batch: Batch): Promise<number> {
  try {
    return await insertBatch(needs.db.pool, batch)
  } catch (error) {
    if (!refusesData(error)) throw error
    if (batch.length === 1) {
      needs.log.error(
        { err: error, entry: batch.entry(0) },
        'the database refuses a usage entry; it is kept in this line only',
      )
      return 0
    }
    const half = batch.length >> 1
    return (await store(needs, batch.slice(0, half))) + (await store(needs, batch.slice(half, batch.length)))
  }
}

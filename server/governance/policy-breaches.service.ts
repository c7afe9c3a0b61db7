import { isMisnamed } from '../keys/policy-check.ts'
import type { Db } from '../lib/db.ts'
import { inTurns } from '../lib/turns.ts'
import * as store from './policy-breaches.store.ts'

/** So many names are read at once. */
const NAMES = 1000

/**
 * How many living keys of a type there are, how many break the rules and how many of these live too long. PostgreSQL
 * judges all but names; only names of keys that it finds nothing wrong with are read.
 */
export async function countBreaking(db: Db, judged: store.Judged): Promise<store.Counts> {
  const counts = await store.countJudged(db.pool, judged)
  if (judged.rules.namingPattern === null) return counts
  let misnamed = 0
  for await (const names of store.readUnbrokenNames(db.pool, judged, NAMES)) {
    for await (const name of inTurns(names)) if (isMisnamed(judged.rules, name)) misnamed += 1
  }
  return { ...counts, broken: counts.broken + misnamed }
}

/** Ids of keys in order, and the one after which more of them may come; null: there are no more. */
export type Found = { readonly ids: readonly string[]; readonly next: string | null }
type Next = { readonly after: string; readonly take: number }

/** The next keys that live too long. */
export const nextLate = (db: Db, judged: store.Judged, page: Next): Promise<Found> =>
  nextWanted(db, judged, { ...page, wanted: 'LATE' })

/** The next keys that break the rules, or fewer of them: a page with nothing in it may have a next one. */
export const nextBroken = (db: Db, judged: store.Judged, page: Next): Promise<Found> =>
  judged.rules.namingPattern === null
    ? nextWanted(db, judged, { ...page, wanted: 'BROKEN' })
    : nextBrokenOrMisnamed(db, judged, page)

type Wanted = Parameters<typeof store.listVerdicts>[2]

async function nextWanted(db: Db, judged: store.Judged, page: Wanted): Promise<Found> {
  const verdicts = await store.listVerdicts(db.pool, judged, page)
  return { ids: verdicts.map(({ id }) => id), next: endOf(verdicts, page.take) }
}

async function nextBrokenOrMisnamed(db: Db, judged: store.Judged, page: Next): Promise<Found> {
  const verdicts = await store.listVerdicts(db.pool, judged, { wanted: 'ALL', after: page.after, take: NAMES })
  const ids: string[] = []
  for await (const { id, name, broken } of inTurns(verdicts)) {
    if (!broken && !isMisnamed(judged.rules, name)) continue
    ids.push(id)
    if (ids.length === page.take) return { ids, next: id }
  }
  return { ids, next: endOf(verdicts, NAMES) }
}

const endOf = (verdicts: readonly store.Verdict[], take: number) =>
  verdicts.length < take ? null : (verdicts.at(-1)?.id ?? null)

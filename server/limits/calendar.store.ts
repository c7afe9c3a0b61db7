import type { LimitPeriod } from '../generated/prisma/enums.ts'
import type { Tx } from '../lib/db.ts'

/** The window that a calendar period is in (epoch ms), and the one that takes its place. */
export type Move = { readonly period: LimitPeriod; readonly from: number; readonly to: number }

const NOBODY = '00000000-0000-0000-0000-000000000000'

/**
 * Carries what was used of each limit over into the window that takes the place of its own, with what requests under
 * way may still use: another calendar gives nobody room.
 */
export async function moveWindows(tx: Tx, moves: readonly Move[], now: Date): Promise<void> {
  const [periods, from, to] = [
    moves.map(({ period }) => period),
    moves.map((move) => new Date(move.from)),
    moves.map((move) => new Date(move.to)),
  ]
  await tx.$queryRaw`
    SELECT pg_advisory_xact_lock(hashtextextended(id::text, 0))::text FROM (
      SELECT id FROM limits WHERE period::text = ANY(${periods}) AND deleted_at IS NULL ORDER BY id
    ) AS moving`
  await tx.$executeRaw`
    INSERT INTO limit_windows AS w (limit_id, starts_at, used)
    SELECT l.id, move.new, old.used + h.held - h.idle
    FROM unnest(${periods}::text[], ${from}::timestamptz[], ${to}::timestamptz[]) AS move (period, old, new)
    JOIN limits l ON l.period::text = move.period AND l.deleted_at IS NULL
    JOIN limit_windows old ON old.limit_id = l.id AND old.starts_at = move.old,
    LATERAL limit_held(l, move.old, ${NOBODY}::uuid, ${now}) h
    WHERE move.old <> move.new
    ON CONFLICT (limit_id, starts_at) DO UPDATE SET used = greatest(w.used, excluded.used)`
}

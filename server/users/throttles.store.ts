import type { Tx } from '../lib/db.ts'
import { type Failures, FORGET_ONE_MS } from './throttle.ts'

export const findFailures = (tx: Tx, subjects: readonly string[]): Promise<Failures[]> =>
  tx.signInThrottle.findMany({ where: { subject: { in: [...subjects] } } })

/** Counts one more failure of each subject, less those forgotten since the last; answers the new counts. */
export const countFailure = (tx: Tx, subjects: readonly string[], now: Date) =>
  tx.$queryRaw<Failures[]>`
    INSERT INTO sign_in_throttles AS old (subject, failures, last_failed_at)
    SELECT subject, 1, ${now}::timestamptz FROM unnest(${subjects.toSorted()}::text[]) AS subject
    ON CONFLICT (subject) DO UPDATE SET
      failures = 1 + GREATEST(0, old.failures -
        floor(extract(epoch FROM GREATEST(EXCLUDED.last_failed_at - old.last_failed_at, '0')) * 1000 / ${FORGET_ONE_MS}::int)::int),
      last_failed_at = GREATEST(EXCLUDED.last_failed_at, old.last_failed_at)
    RETURNING subject, failures, last_failed_at AS "lastFailedAt"`

export const clearFailures = (tx: Tx, subject: string) => tx.signInThrottle.deleteMany({ where: { subject } })

export const forgetFailures = (tx: Tx, before: Date) =>
  tx.signInThrottle.deleteMany({ where: { lastFailedAt: { lt: before } } })

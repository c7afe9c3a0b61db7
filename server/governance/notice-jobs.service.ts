import { getSettings } from '../keys/key-requests.store.ts'
import { warnOfEndedRaises } from '../limits/warnings.service.ts'
import type { Job } from './jobs.service.ts'
import { tellExpiring, tellLimits, tellRotationDue } from './notices.store.ts'

const MINUTE_MS = 60_000

/** Days before its expiry at which a key's owner is told; 0: at it. */
const THRESHOLDS = [30, 7, 1, 0]

/** Each threshold that was passed is told, also after a week in which no node ran, and each once. */
const expiryNotices: Job = {
  name: 'expiry-notices',
  everyMs: MINUTE_MS,
  async run({ db }, { from, to }) {
    const { administratorsTold } = await getSettings(db.prisma)
    for (const days of THRESHOLDS) await tellExpiring(db.pool, { from, to, days, administratorsTold })
  },
}

const rotationNotices: Job = {
  name: 'rotation-notices',
  everyMs: 10 * MINUTE_MS,
  run: ({ db }, { to }) => tellRotationDue(db.pool, to),
}

const limitNotices: Job = {
  name: 'limit-notices',
  everyMs: 15_000,
  async run(parts, stretch) {
    await warnOfEndedRaises(parts, stretch)
    await tellLimits(parts.db.pool, stretch.to)
  },
}

export const NOTICE_JOBS: readonly Job[] = [expiryNotices, rotationNotices, limitNotices]

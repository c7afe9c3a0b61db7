import { keepRetention } from '../usage/retention.service.ts'
import type { Job } from './jobs.service.ts'

/** The usage log is kept as long as the installation says. */
export const RETENTION_JOB: Job = {
  name: 'usage-retention',
  everyMs: 3_600_000,
  run: (parts, { to }) => keepRetention(parts, to),
}

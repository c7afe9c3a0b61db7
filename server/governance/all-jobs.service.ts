import { AUDIT_RETENTION_JOB } from './audit-retention.service.ts'
import { DELIVERY_JOB } from './deliver.service.ts'
import { EMERGENCY } from './emergency-run.service.ts'
import type { Job } from './jobs.service.ts'
import { KEY_JOBS } from './key-jobs.service.ts'
import { jobOf } from './long-work.service.ts'
import { NOTICE_JOBS } from './notice-jobs.service.ts'
import { POLICY_ROLLOUT } from './policy-rollout.service.ts'
import { RETENTION_JOB } from './retention-job.service.ts'
import { REVIEW_JOB } from './review-jobs.service.ts'

/** Everything that is done again and again, once across all nodes. */
export const JOBS: readonly Job[] = [
  jobOf(EMERGENCY),
  jobOf(POLICY_ROLLOUT),
  ...KEY_JOBS,
  REVIEW_JOB,
  ...NOTICE_JOBS,
  DELIVERY_JOB,
  RETENTION_JOB,
  AUDIT_RETENTION_JOB,
]

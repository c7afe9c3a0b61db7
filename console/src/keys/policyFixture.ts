import type { Policy } from './policyDocuments.ts'

/** A policy without a rule, for tests. */
export const blank: Policy = {
  id: 'p',
  keyType: 'Partner',
  namingPattern: null,
  namingExamples: [],
  namingCounterexamples: [],
  requiredDetails: [],
  fields: [],
  defaultLifetimeDays: null,
  maxLifetimeDays: null,
  neverAllowed: false,
  approvalRequired: false,
  approverGroupId: null,
  maxKeysPerUser: null,
  providerIds: [],
  models: [],
  addresses: [],
  endpoints: [],
  idleDays: null,
  rotationDays: null,
  defaultLimits: [],
}

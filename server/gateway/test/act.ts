import type { Parts } from '../../lib/parts.ts'
import type { Act } from '../../users/viewer.ts'

/** An administrator who asks. */
export const administratorOf = (parts: Parts): Act => ({
  parts,
  viewer: { id: '', username: 'admin', role: 'ADMINISTRATOR', via: 'session', proofId: '', scopes: ['READ'] },
  origin: { requestId: null, address: null, userAgent: null },
})

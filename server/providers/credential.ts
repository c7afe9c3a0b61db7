import type { Keyring } from '../lib/keyring.ts'
import type { Logger } from '../lib/log.ts'
import { open } from '../lib/seal.ts'
import { credentialHeaders, credentialPlace, type ProviderAuth } from './provider.ts'

/** A provider's row, as far as its credential goes. */
export type WithCredential = ProviderAuth & {
  readonly id: string
  readonly sealedCredential: Uint8Array | null
}

/**
 * Name and value of the header with a provider's credential; empty for a provider that wants none. Null: there is no
 * credential, or it cannot be opened.
 */
export function readCredential(keyring: Keyring, log: Logger, row: WithCredential): readonly string[] | null {
  if (row.authType === 'NONE') return []
  if (row.sealedCredential === null) return null
  try {
    const credential = open(keyring, credentialPlace(row.id), row.sealedCredential)
    return Object.entries(credentialHeaders(row, credential)).flat()
  } catch (error) {
    // Edited, moved or sealed under another master key: this provider alone does not work.
    log.error({ err: error, providerId: row.id }, 'a provider credential cannot be opened')
    return null
  }
}

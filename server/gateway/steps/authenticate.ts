import { readSecret } from '../../lib/secret.ts'
import type { CallerRequest } from '../call.ts'
import type { SecretRow } from '../directory.store.ts'
import type { Pipeline } from '../pipeline.ts'
import { Refusal } from '../refusal.ts'

// An unknown key is believed to be unknown only while the database is known to answer.
const UNKNOWN_TRUST_MS = 2_500

/**
 * Whose secret this is. Missing, malformed and unknown ones are answered alike. Nothing of the body has been read.
 */
export function authenticate(gateway: Pipeline, req: CallerRequest): SecretRow | Promise<SecretRow> {
  const given = readSecret(readCredential(req), 'aic_')
  if (given === null) throw new Refusal('invalid_api_key')
  const check = (stored: SecretRow | null) => {
    if (stored === null || !gateway.verify(stored, given.secret)) throw new Refusal('invalid_api_key')
    return stored
  }
  const found = find(gateway, given.publicId)
  return found instanceof Promise ? found.then(check) : check(found)
}

/** From memory while that is known to be fresh enough, else from the database, else nobody can tell. */
function find(gateway: Pipeline, publicId: string): SecretRow | null | Promise<SecretRow | null> {
  const { directory, stalenessMs } = gateway
  const ageMs = directory.ageMs()
  if (ageMs > stalenessMs) throw new Refusal('auth_unavailable')
  const known = directory.peek(publicId)
  if (known) return known
  if (known === null && ageMs <= UNKNOWN_TRUST_MS) return null
  return directory.find(publicId).catch((error: unknown) => {
    gateway.log.warn({ err: error }, 'a key could not be looked up')
    throw new Refusal('auth_unavailable')
  })
}

/** The one credential of a request, empty for none. Two of any kind are 400: we and a proxy might pick different ones. */
function readCredential({ rawHeaders }: CallerRequest): string {
  let found: string | null = null
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (!isCredentialName(name)) continue
    const value = rawHeaders[index + 1] ?? ''
    if (found !== null) {
      throw new Refusal('bad_request', { message: 'Send exactly one credential.', param: name.toLowerCase() })
    }
    found = name.length === AUTHORIZATION ? readBearer(value) : value
  }
  return found ?? ''
}

const AUTHORIZATION = 'authorization'.length

function isCredentialName(name: string): boolean {
  // Most headers are told apart by their length.
  if (name.length === AUTHORIZATION) return name.toLowerCase() === 'authorization'
  if (name.length === 9) return name.toLowerCase() === 'x-api-key'
  return name.length === 7 && name.toLowerCase() === 'api-key'
}

function readBearer(value: string): string {
  return /^bearer /i.test(value) ? value.slice(7).trim() : ''
}

import type pg from 'pg'
import { EXIT, StartFailure } from './exit.ts'
import type { Keyring } from './keyring.ts'

// Two first starts at once: the first one's key counts, the other one is compared with it.
const PROOF = `UPDATE installation SET master_key_check = COALESCE(master_key_check, $1) WHERE id = 1
  RETURNING master_key_check AS proof`

/** Throws `StartFailure` (exit code 78) when this database was sealed under a master key that is not in the ring. */
export async function checkMasterKey(pool: pg.Pool, keyring: Keyring): Promise<void> {
  const { rows } = await pool.query<{ proof: Buffer }>(PROOF, [keyring.proof()])
  const [{ proof } = { proof: null }] = rows
  if (proof !== null && keyring.recognises(proof)) return
  throw new StartFailure(EXIT.wrongMasterKey, 'The master key is not the one this database was set up with')
}

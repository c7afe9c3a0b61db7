import type pg from 'pg'
import { EXIT, StartFailure } from './exit.ts'
import type { Keyring } from './keyring.ts'

const READ = 'SELECT master_key_check AS proofs FROM installation WHERE id = 1'
const WRITE = `UPDATE installation SET master_key_check = $2
  WHERE id = 1 AND master_key_check IS NOT DISTINCT FROM $1`

const PROOF_BYTES = 32

/**
 * Throws `StartFailure` (exit code 78) when the ring lacks a master key that this database was used with: to a process
 * without it every secret made under it looks like a wrong one.
 */
export async function checkMasterKey(pool: pg.Pool, keyring: Keyring): Promise<void> {
  const { rows } = await pool.query<{ proofs: Buffer | null }>(READ)
  const proofs = rows[0]?.proofs ?? null
  const all = split(proofs ?? Buffer.alloc(0))
  if (!all.every((proof) => keyring.recognises(proof))) {
    throw new StartFailure(
      EXIT.wrongMasterKey,
      'The master key is wrong, or one is missing: this database was used with another one',
    )
  }
  const newest = keyring.proof()
  if (all.some((proof) => proof.equals(newest))) return
  const { rowCount } = await pool.query(WRITE, [proofs, Buffer.concat([...all, newest])])
  // Two first starts at once: the first one's key counts, the other one is compared with it.
  if (rowCount === 0) await checkMasterKey(pool, keyring)
}

function split(proofs: Buffer): readonly Buffer[] {
  const all: Buffer[] = []
  for (let at = 0; at < proofs.length; at += PROOF_BYTES) all.push(proofs.subarray(at, at + PROOF_BYTES))
  return all
}

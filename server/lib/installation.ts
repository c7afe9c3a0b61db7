import type { Db } from './db.ts'
import { EXIT, StartFailure } from './exit.ts'
import type { Keyring } from './keyring.ts'

/** Throws `StartFailure` (exit code 78) when this database was sealed under a master key that is not in the ring. */
export async function checkMasterKey({ prisma }: Db, keyring: Keyring): Promise<void> {
  // Two first starts at once: the first one's key counts, the other one is compared with it.
  await prisma.installation.updateMany({
    where: { id: 1, masterKeyCheck: null },
    data: { masterKeyCheck: Uint8Array.from(keyring.proof()) },
  })
  const { masterKeyCheck } = await prisma.installation.findUniqueOrThrow({ where: { id: 1 } })
  if (masterKeyCheck !== null && keyring.recognises(masterKeyCheck)) return
  throw new StartFailure(EXIT.wrongMasterKey, 'The master key is not the one this database was set up with')
}

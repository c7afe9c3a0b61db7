import { readConfig } from '../config.ts'
import { lockDataDir } from '../lib/data-dir.ts'
import { openDatabase } from '../lib/database.ts'
import { type Db, openDb } from '../lib/db.ts'
import { EXIT, StartFailure } from '../lib/exit.ts'
import { checkMasterKey } from '../lib/installation.ts'
import { createLog } from '../lib/log.ts'
import type { Parts } from '../lib/parts.ts'
import { Problem } from '../lib/problems.ts'
import { giveDefaultLimits } from '../limits/default-limits.service.ts'
import { buildCommonParts, type Opened, withMasterKeys } from '../open.ts'

type Needs = Omit<Opened, 'pool'> & { readonly db: Db }

export function buildParts(
  { db, ...opened }: Needs,
  gateway: Pick<Parts, 'changes' | 'breakerState' | 'addressOf'>,
): Parts {
  return { ...buildCommonParts({ ...opened, pool: db.pool }), db, followers: [giveDefaultLimits], ...gateway }
}

/** For a command: no gateway is in its process, and nobody waits for what it changes. */
const NO_GATEWAY: Pick<Parts, 'changes' | 'breakerState' | 'addressOf'> = {
  changes: { waitFor: async () => null },
  breakerState: async () => 'CLOSED',
  addressOf: () => null,
}

/**
 * Runs a command on what the environment names. What a person can cause is said in one sentence without a stack, and
 * the process ends with the exit code of the failure.
 */
export async function runCommand(work: (parts: Parts) => Promise<void>): Promise<void> {
  try {
    await withParts(work)
  } catch (error) {
    if (!(error instanceof StartFailure || error instanceof Problem)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = error instanceof StartFailure ? error.exitCode : EXIT.failed
  }
}

/** Opens it without serving, and closes it again. Throws `StartFailure`. */
async function withParts<Result>(work: (parts: Parts) => Promise<Result>): Promise<Result> {
  const settings = readConfig()
  const log = createLog(settings.logLevel === 'info' ? 'warn' : settings.logLevel)
  // A database of the operator's own has room for a command beside a running server; an embedded one has not.
  const lock = settings.databaseUrl === null ? lockDataDir(settings.dataDir) : null
  const config = withMasterKeys(settings)
  const database = await openDatabase(config, log)
  const db = openDb(database.connection, log)
  try {
    const parts = buildParts({ config, log, db, ownPorts: () => [config.port] }, NO_GATEWAY)
    await checkMasterKey(db.pool, parts.keyring)
    return await work(parts)
  } finally {
    await db.close()
    await database.close()
    lock?.release()
  }
}

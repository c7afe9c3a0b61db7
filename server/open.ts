import { type Config, readConfig } from './config.ts'
import { Breakers } from './lib/breaker.ts'
import { createChanges } from './lib/changes.ts'
import { systemClock } from './lib/clock.ts'
import { lockDataDir } from './lib/data-dir.ts'
import { openDatabase } from './lib/database.ts'
import type { Db } from './lib/db.ts'
import { checkMasterKey } from './lib/installation.ts'
import { createKeyring } from './lib/keyring.ts'
import { createLog, type Logger } from './lib/log.ts'
import { dataDirMasterKey } from './lib/master-key.ts'
import { createMetrics } from './lib/metrics.ts'
import { createOutgoing } from './lib/outgoing.ts'
import type { Parts } from './lib/parts.ts'
import { createRandom } from './lib/random.ts'
import { createSignals } from './lib/signals.ts'
import { giveDefaultLimits } from './limits/default-limits.service.ts'

const random = createRandom(systemClock)

/** The configuration with its master keys: the operator's, or the data directory's own. */
export function withMasterKeys(config: Config): Config {
  return config.masterKeys.length > 0 ? config : { ...config, masterKeys: [dataDirMasterKey(config.dataDir, random)] }
}

/** `ownPorts` is asked at each outgoing connection, since a port of 0 is known only after listening. */
export function buildParts(config: Config, log: Logger, db: Db, ownPorts: () => readonly number[]): Parts {
  const { privateUpstreams, loopbackUpstreams, stalenessMs } = config
  return {
    config,
    db,
    log,
    clock: systemClock,
    random,
    keyring: createKeyring(config.masterKeys),
    outgoing: createOutgoing({ privateUpstreams, loopbackUpstreams, ownPorts }),
    changes: createChanges({ db, clock: systemClock, log, stalenessMs }),
    followers: [giveDefaultLimits],
    signals: createSignals({ db, log, alone: config.databaseUrl === null }),
    metrics: createMetrics(),
    breakers: new Breakers(() => performance.now()),
  }
}

/** Opens what the environment names without serving, for a command, and closes it again. Throws `StartFailure`. */
export async function withParts<Result>(work: (parts: Parts) => Promise<Result>): Promise<Result> {
  const settings = readConfig()
  const log = createLog(settings.logLevel === 'info' ? 'warn' : settings.logLevel)
  // A database of the operator's own has room for a command beside a running server; an embedded one has not.
  const lock = settings.databaseUrl === null ? lockDataDir(settings.dataDir) : null
  const config = withMasterKeys(settings)
  const database = await openDatabase(config, log)
  try {
    const parts = buildParts(config, log, database.db, () => [config.port])
    await checkMasterKey(database.db, parts.keyring)
    return await work(parts)
  } finally {
    await database.close()
    lock?.release()
  }
}

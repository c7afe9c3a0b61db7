import type pg from 'pg'
import type { Config } from './config.ts'
import { createAddressReader } from './lib/address.ts'
import { Breakers } from './lib/breaker.ts'
import { createChanges } from './lib/changes.ts'
import { systemClock } from './lib/clock.ts'
import { createKeyring } from './lib/keyring.ts'
import type { Logger } from './lib/log.ts'
import { dataDirMasterKey } from './lib/master-key.ts'
import { createMetrics } from './lib/metrics.ts'
import { createOutgoing } from './lib/outgoing.ts'
import type { CommonParts, GatewayParts } from './lib/parts.ts'
import { systemRandom } from './lib/random.ts'
import { createSignals } from './lib/signals.ts'

/** The configuration with its master keys: the operator's, or the data directory's own. */
export function withMasterKeys(config: Config): Config {
  if (config.masterKeys.length > 0) return config
  return { ...config, masterKeys: [dataDirMasterKey(config.dataDir, systemRandom)] }
}

export type Opened = {
  readonly config: Config
  readonly log: Logger
  readonly pool: pg.Pool
  /** Asked at each outgoing connection, since a port of 0 is known only after listening. */
  readonly ownPorts: () => readonly number[]
}

export function buildCommonParts({ config, log, pool, ownPorts }: Opened): CommonParts {
  const { privateUpstreams, loopbackUpstreams, masterKeys, trustedProxies } = config
  return {
    config,
    log,
    clock: systemClock,
    random: systemRandom,
    keyring: createKeyring(masterKeys),
    outgoing: createOutgoing({ privateUpstreams, loopbackUpstreams, ownPorts }),
    signals: createSignals({ db: { pool }, log }),
    addressOf: createAddressReader(trustedProxies),
  }
}

export function buildGatewayParts(opened: Opened): GatewayParts {
  const { config, log, pool } = opened
  return {
    ...buildCommonParts(opened),
    db: { pool },
    changes: createChanges({
      db: { pool },
      clock: systemClock,
      log,
      random: systemRandom,
      stalenessMs: config.stalenessMs,
    }),
    metrics: createMetrics(),
    breakers: new Breakers(() => performance.now()),
  }
}

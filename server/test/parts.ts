import type { Config } from '../config.ts'
import { createAddressReader } from '../lib/address.ts'
import { Breakers } from '../lib/breaker.ts'
import { createChanges } from '../lib/changes.ts'
import type { Clock } from '../lib/clock.ts'
import type { Db } from '../lib/db.ts'
import { createKeyring } from '../lib/keyring.ts'
import { createLog } from '../lib/log.ts'
import { createMetrics } from '../lib/metrics.ts'
import { createOutgoing } from '../lib/outgoing.ts'
import type { GatewayParts, Parts } from '../lib/parts.ts'
import { createRandom } from '../lib/random.ts'
import { createSignals } from '../lib/signals.ts'
import { giveDefaultLimits } from '../limits/default-limits.service.ts'

type Given = {
  readonly config: Config
  readonly db: Db
  readonly clock: Clock
  readonly ownPorts?: () => readonly number[]
  /** Milliseconds that only move forward, for breakers. */
  readonly now?: () => number
}

/** What both processes are made of, in one, with the real things. */
export function buildTestParts({
  config,
  db,
  clock,
  ownPorts = () => [],
  now = () => performance.now(),
}: Given): GatewayParts & Parts {
  const log = createLog('silent')
  const { loopbackUpstreams, stalenessMs, trustedProxies } = config
  const breakers = new Breakers(now)
  const random = createRandom(clock)
  return {
    config,
    db,
    log,
    clock,
    random,
    keyring: createKeyring([Buffer.alloc(32, 7)]),
    outgoing: createOutgoing({ privateUpstreams: [], loopbackUpstreams, ownPorts }),
    changes: createChanges({ db, clock, log, random, stalenessMs }),
    followers: [giveDefaultLimits],
    signals: createSignals({ db, log }),
    metrics: createMetrics(),
    breakers,
    breakerState: async (providerId) => breakers.of(providerId).state,
    addressOf: createAddressReader(trustedProxies),
  }
}

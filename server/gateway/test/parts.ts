import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { type Config, readConfig } from '../../config.ts'
import { createAddressReader } from '../../lib/address.ts'
import { Breakers } from '../../lib/breaker.ts'
import { createChanges } from '../../lib/changes.ts'
import { systemClock } from '../../lib/clock.ts'
import { createKeyring } from '../../lib/keyring.ts'
import { createLog } from '../../lib/log.ts'
import { createMetrics } from '../../lib/metrics.ts'
import { createOutgoing } from '../../lib/outgoing.ts'
import type { GatewayParts, Parts } from '../../lib/parts.ts'
import { systemRandom } from '../../lib/random.ts'
import { createSignals } from '../../lib/signals.ts'
import { giveDefaultLimits } from '../../limits/default-limits.service.ts'
import type { TestDb } from '../../test/database.ts'

// The whole suite runs against both ways through the process: `AIC_FAST_PATH=0` is node:http and undici.
// biome-ignore lint/style/noProcessEnv: only whoever starts the tests can say which way they mean.
const FAST_PATH = process.env['AIC_FAST_PATH'] ?? '1'

/** Time for breakers alone: a test need not wait for them. */
export const breakerTime = { aheadMs: 0 }

/** What a gateway is made of, with the real things. */
export function testParts(
  db: TestDb,
  set: Partial<Config> = {},
  ownPorts: () => readonly number[] = () => [],
): GatewayParts & Parts {
  const dataDir = mkdtempSync(join(tmpdir(), 'aic-gateway-'))
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }))
  const config = {
    ...readConfig({ AIC_DATA_DIR: dataDir, AIC_LOOPBACK_UPSTREAMS: '1', AIC_FAST_PATH: FAST_PATH }),
    ...set,
  }
  const log = createLog('silent')
  const breakers = new Breakers(() => performance.now() + breakerTime.aheadMs)
  return {
    config,
    db,
    log,
    clock: systemClock,
    random: systemRandom,
    keyring: createKeyring([Buffer.alloc(32, 7)]),
    outgoing: createOutgoing({ privateUpstreams: [], loopbackUpstreams: config.loopbackUpstreams, ownPorts }),
    changes: createChanges({ db, clock: systemClock, log, stalenessMs: config.stalenessMs }),
    followers: [giveDefaultLimits],
    signals: createSignals({ db, log }),
    metrics: createMetrics(),
    breakers,
    breakerState: async (providerId) => breakers.of(providerId).state,
    addressOf: createAddressReader(config.trustedProxies),
  }
}

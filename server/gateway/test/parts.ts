import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, inject } from 'vitest'
import { type Config, readConfig } from '../../config.ts'
import { systemClock } from '../../lib/clock.ts'
import type { GatewayParts, Parts } from '../../lib/parts.ts'
import type { TestDb } from '../../test/database.ts'
import { buildTestParts } from '../../test/parts.ts'

/** Time for breakers alone: a test need not wait for them. */
export const breakerTime = { aheadMs: 0 }

/** The parts of a gateway with a data directory of its own, on the way through the process that this run is about. */
export function testParts(db: TestDb, set: Partial<Config> = {}): GatewayParts & Parts {
  const dataDir = mkdtempSync(join(tmpdir(), 'aic-gateway-'))
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }))
  const environment = { AIC_DATA_DIR: dataDir, AIC_LOOPBACK_UPSTREAMS: '1', AIC_FAST_PATH: inject('fastPath') }
  const config = { ...readConfig(environment), ...set }
  return buildTestParts({ config, db, clock: systemClock, now: () => performance.now() + breakerTime.aheadMs })
}

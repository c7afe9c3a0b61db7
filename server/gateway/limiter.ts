import type { GatewayParts } from '../lib/parts.ts'
import { createLeaseStore, listenForNeeds } from '../limits/leases.store.ts'
import { Leases } from '../limits/leases.ts'
import { PriceIndex } from '../limits/price-index.ts'
import { listAllPrices } from '../limits/prices.store.ts'
import { readLimitWorld } from '../limits/world.store.ts'

/** The limits and prices of this node, kept up to date. */
export type Limiter = {
  readonly leases: Leases
  /** Reads what decides. Rejects when the database cannot be read. */
  start(): Promise<void>
  /** Gives back what was leased, as far as the database is there. */
  stop(): Promise<void>
}

const HEARTBEAT_MS = 1_000
const LIMIT_SUBJECTS: ReadonlySet<string> = new Set(['Limit', 'Group', 'User', 'InstallationSettings'])
const PRICE_SUBJECTS: ReadonlySet<string> = new Set(['Price'])

type Needs = Pick<GatewayParts, 'db' | 'changes' | 'clock' | 'log' | 'random'>

export function createLimiter({ db, changes, clock, log, random }: Needs): Limiter {
  const { pool } = db
  const now = () => clock.now().getTime()
  const leases = new Leases({ nodeId: random.uuidv7(), store: createLeaseStore(pool), now })
  let timer: NodeJS.Timeout | undefined
  let hangUp: (() => void) | null = null
  let connecting = false
  let stopped = false

  const readLimits = async () => leases.set(await readLimitWorld(pool))
  const readPrices = async () => leases.setPrices(new PriceIndex(await listAllPrices(pool)))

  async function listen() {
    connecting = true
    try {
      hangUp = await listenForNeeds(
        pool,
        (limitId) => leases.callBack(limitId),
        () => {
          hangUp = null
        },
      )
    } finally {
      connecting = false
    }
    // Nobody would give its connection back any more.
    if (stopped) hangUp()
  }

  async function beat() {
    // A database that is slow to answer is not asked for a second connection, which nobody would give back.
    if (!hangUp && !connecting) await listen()
    await leases.heartbeat()
  }

  return {
    leases,
    async start() {
      // Subscribed first: a change during the first reading is read again, not missed.
      changes.subscribe(async (entries) => {
        if (entries.some(({ subjectType }) => LIMIT_SUBJECTS.has(subjectType))) await readLimits()
        if (entries.some(({ subjectType }) => PRICE_SUBJECTS.has(subjectType))) await readPrices()
      })
      await Promise.all([readLimits(), readPrices()])
      await beat()
      const beatQuietly = () =>
        beat().catch((error: unknown) => log.debug({ err: error }, 'leases could not be renewed'))
      timer = setInterval(beatQuietly, HEARTBEAT_MS).unref()
    },
    async stop() {
      stopped = true
      clearInterval(timer)
      hangUp?.()
      await leases.leave().catch((error: unknown) => log.debug({ err: error }, 'leases could not be given back'))
    },
  }
}

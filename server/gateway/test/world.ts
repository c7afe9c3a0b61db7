import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import type pg from 'pg'
import { afterAll } from 'vitest'
import type { Config } from '../../config.ts'
import { createGateway, type Gateway } from '../../gateway.ts'
import type { Prisma } from '../../generated/prisma/client.ts'
import { change } from '../../lib/change.ts'
import type { GatewayParts, Parts } from '../../lib/parts.ts'
import { systemRandom } from '../../lib/random.ts'
import { seal } from '../../lib/seal.ts'
import { mintSecret, toStoredSecret } from '../../lib/secret.ts'
import { type TestDb, testDb } from '../../test/database.ts'
import { installLane } from '../lane/lane.ts'
import type { Admission } from '../steps/admit.ts'
import { testParts } from './parts.ts'
import { CREDENTIAL, listen, type Provider, startProvider } from './provider.ts'

/** A caller's key in the world: what it sends, and its rows. */
export type TestKey = {
  readonly text: string
  readonly id: string
  readonly secretId: string
  readonly ownerId: string
}

/** A gateway on a real port with a real database, and a provider that does what the test says. */
export type World = {
  readonly db: TestDb
  readonly parts: GatewayParts & Parts
  readonly gateway: Gateway
  readonly url: string
  readonly port: number
  readonly provider: Provider
  readonly providerId: string
  readonly key: TestKey
  readonly credential: string
  mintKey(set?: KeySet): Promise<TestKey>
  addProvider(set?: Partial<Prisma.ProviderUncheckedCreateInput>): Promise<string>
  /** A pool of these providers, in the order given unless they say otherwise. */
  addPool(members: readonly TestMember[], set?: Partial<Prisma.ProviderUncheckedCreateInput>): Promise<string>
  /** Changes rows as a service would: in one transaction with an audit entry, applied when it resolves. */
  change(
    subjectType: string,
    subjectId: string,
    work: (tx: Prisma.TransactionClient) => Promise<unknown>,
  ): Promise<void>
  /** The entries so far, oldest first. */
  entries(): Promise<readonly Entry[]>
}

export type TestMember = Partial<Prisma.PoolMemberUncheckedCreateWithoutPoolInput> & { readonly providerId: string }

export type Entry = NonNullable<Awaited<ReturnType<TestDb['prisma']['usageEntry']['findFirst']>>>

/** The id of the rule by which everybody may use everything. */
export const EVERYTHING = '00000000-0000-7000-8000-000000000001'

async function addUser(pool: pg.Pool): Promise<string> {
  const id = systemRandom.uuidv7()
  await pool.query(`INSERT INTO users (id, username, display_name) VALUES ($1, $2, 'A user')`, [id, `user-${id}`])
  return id
}

function providerAdder({ db, keyring }: Parts, provider: Provider) {
  return async (set: Partial<Prisma.ProviderUncheckedCreateInput> = {}) => {
    const id = systemRandom.uuidv7()
    const sealedCredential = new Uint8Array(
      seal(keyring, { table: 'providers', id, column: 'sealed_credential' }, CREDENTIAL),
    )
    const name = `p-${randomUUID().slice(0, 8)}`
    const data = { id, name, baseUrl: provider.url, enabledModels: ['gpt-4', 'gpt-4o*'], sealedCredential }
    await db.prisma.provider.create({ data: { ...data, ...set } })
    return id
  }
}

function poolAdder({ db }: Parts) {
  return async (members: readonly TestMember[], set: Partial<Prisma.ProviderUncheckedCreateInput> = {}) => {
    const id = systemRandom.uuidv7()
    const create = members.map((member, order) => ({ order, weight: 1, ...member }))
    const data = { id, name: `pool-${id.slice(-8)}`, kind: 'POOL', authType: 'NONE', enabledModels: ['*'] } as const
    await db.prisma.provider.create({ data: { ...data, enabledModels: ['*'], ...set, members: { create } } })
    return id
  }
}

export type KeySet = {
  readonly ownerId?: string
  readonly providerId?: string
  readonly expiresAt?: Date
  readonly deletedAt?: Date
  readonly pending?: boolean
}

function keyMinter({ db, keyring }: Parts, defaultProvider: string) {
  return async (set: KeySet = {}): Promise<TestKey> => {
    const { providerId = defaultProvider, expiresAt, deletedAt, pending = false } = set
    const text = mintSecret(systemRandom.bytes, 'aic_')
    const [id, secretId, ownerId] = [
      systemRandom.uuidv7(),
      systemRandom.uuidv7(),
      set.ownerId ?? (await addUser(db.pool)),
    ]
    const values = [id, `key-${id}`, ownerId, providerId, expiresAt, deletedAt, pending]
    await db.pool.query(
      `INSERT INTO api_keys (id, name, owner_id, creator_id, provider_id, type, expires_at, deleted_at, pending)
       VALUES ($1, $2, $3, $3, $4, 'Development', $5, $6, $7)`,
      values,
    )
    const stored = toStoredSecret(keyring, text, 'aic_')
    await db.pool.query(
      `INSERT INTO key_secrets (id, key_id, public_id, secret_hash, pepper_version, last_four)
       VALUES ($1, $2, $3, $4, $5, $6)`,
      [secretId, id, stored.publicId, Buffer.from(stored.secretHash), stored.pepperVersion, stored.lastFour],
    )
    return { text, id, secretId, ownerId }
  }
}

function changer(parts: Parts): World['change'] {
  const by = {
    parts,
    viewer: { id: null, username: 'system', via: 'system' as const },
    origin: { requestId: null, address: null, userAgent: null },
  }
  return (subjectType, subjectId, work) =>
    change(by, async (tx, record) => {
      await work(tx)
      record({ action: 'test', subjectType, subjectId, subjectName: null })
    })
}

function closeAfterAll(servers: readonly Server[], gateway: Gateway, parts: GatewayParts) {
  afterAll(async () => {
    for (const server of servers) {
      server.closeAllConnections()
      server.close(() => undefined)
    }
    await gateway.stop()
    await parts.changes.stop()
  })
}

async function serve(gateway: Gateway, { config, clock }: GatewayParts) {
  const served = await listen((req, res) => gateway.handle(req, res))
  if (config.fastPath) {
    const timeouts = { headersTimeout: 10_000, requestTimeout: 45_000, keepAliveTimeout: 75_000 }
    const always = { isOurHost: () => true, draining: () => false }
    installLane(served.server, { ...timeouts, ...always, clock, work: gateway.handle })
  }
  return served
}

/** Call it once per test file, at the top. */
export async function startWorld(set: Partial<Config> = {}, admission?: Admission): Promise<World> {
  const db = await testDb()
  // Who is no administrator needs a rule; tests of rules take this one away.
  await db.pool.query(
    `INSERT INTO rules (id, name, effect, model_pattern) VALUES ($1, 'Everybody may use everything', 'ALLOW', '.*')`,
    [EVERYTHING],
  )
  const parts = testParts(db, set)
  const provider = await startProvider()
  const insertProvider = providerAdder(parts, provider)
  const insertPool = poolAdder(parts)
  const providerId = await insertProvider()
  const insertKey = keyMinter(parts, providerId)
  const key = await insertKey()
  const gateway = createGateway(parts, admission)
  await parts.changes.start()
  await gateway.start()
  const { server, port } = await serve(gateway, parts)
  closeAfterAll([provider.server, server], gateway, parts)
  const announcedChange = changer(parts)
  const announce = (subjectType: string, id: string) => announcedChange(subjectType, id, async () => undefined)
  return {
    db,
    parts,
    gateway,
    provider,
    providerId,
    key,
    async mintKey(values) {
      const minted = await insertKey(values)
      await announce('User', minted.ownerId)
      return minted
    },
    async addProvider(values) {
      const id = await insertProvider(values)
      await announce('Provider', id)
      return id
    },
    async addPool(members, values) {
      const id = await insertPool(members, values)
      await announce('Provider', id)
      return id
    },
    port,
    credential: CREDENTIAL,
    url: `http://127.0.0.1:${port}/work`,
    change: announcedChange,
    async entries() {
      await gateway.flush()
      return db.prisma.usageEntry.findMany({ orderBy: [{ startedAt: 'asc' }, { id: 'asc' }] })
    },
  }
}

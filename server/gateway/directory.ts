import { LRUCache } from 'lru-cache'
import type { Change } from '../lib/changes.ts'
import type { GatewayParts } from '../lib/parts.ts'
import type { Decision } from '../rules/evaluate.ts'
import { AccessBook } from './access.ts'
import {
  findSecret,
  type KeyRow,
  listEmergencies,
  listGroups,
  listProviders,
  listRules,
  listSecrets,
  listUsers,
  type SecretRow,
  type UserRow,
} from './directory.store.ts'
import { EmergencyBook } from './emergencies.ts'
import type { Target, Upstream } from './target.ts'
import { TargetBook } from './targets.ts'

/**
 * What the hot path may know: secrets by public id in a bounded cache, users, groups, rules, providers and emergencies
 * whole. It all moves forward only: what a change made us read is never overwritten by an answer that was asked for
 * before it.
 */
export type Directory = {
  /** From memory: the secret, null when it is known that there is none, undefined when it must be looked up. */
  peek(publicId: string): SecretRow | null | undefined
  /** One look-up however many ask at once. Rejects when the database does not answer. */
  find(publicId: string): Promise<SecretRow | null>
  isActive(userId: string): boolean
  /** True while an emergency is in force that is about this key. */
  isEnded(key: KeyRow): boolean
  /** What a key of this provider is for. */
  target(providerId: string): Target | undefined
  /** The provider, unless it is a pool. */
  upstream(providerId: string): Upstream | undefined
  upstreams(): Iterable<Upstream>
  /** What the rules say to this user asking this provider for this model. */
  decide(userId: string, providerId: string, model: string): Decision
  /** How long ago (ms) it was last proven that nothing newer exists. */
  ageMs(): number
  /** Called after each change was applied. */
  onChange(listener: () => void): void
  start(): Promise<void>
  stop(): Promise<void>
}

const MAX_SECRETS = 100_000
const MAX_UNKNOWN = 20_000
/** How long an unknown public id is believed to be unknown; a new key is announced, so this is only the back-stop. */
const UNKNOWN_MS = 5_000
const MAX_LOOKUPS = 256

type Needs = Pick<GatewayParts, 'config' | 'db' | 'changes' | 'keyring' | 'outgoing' | 'log' | 'breakers'>

export function createDirectory(needs: Needs): Directory {
  const { db, changes } = needs
  const keys = new KeyCache((publicId) => findSecret(db.pool, publicId))
  const users = new Map<string, UserRow>()
  const targets = new TargetBook(needs)
  const access = new AccessBook()
  const emergencies = new EmergencyBook(access)
  const listeners: (() => void)[] = []

  async function apply(entries: readonly Change[]) {
    const [keyIds, userIds] = [idsOf(entries, 'ApiKey'), idsOf(entries, 'User')]
    const [providerIds, groupIds, ruleIds] = [
      idsOf(entries, 'Provider'),
      idsOf(entries, 'Group'),
      idsOf(entries, 'Rule'),
    ]
    // A change of keys that names none of them may be a change of any.
    if (entries.some(({ subjectType, subjectId }) => subjectType === 'ApiKey' && subjectId === null)) keys.forgetAll()
    if (keyIds.length > 0) {
      // Only what is in use is read again: the end of a million keys would push out every other one.
      const inUse = keys.forget(keyIds)
      if (inUse.length > 0) keys.set(await listSecrets(db.pool, inUse))
    }
    if (userIds.length > 0) keepNewer(users, await listUsers(db.pool, userIds))
    if (providerIds.length > 0) targets.set(await listProviders(db.pool, providerIds))
    if (groupIds.length > 0) access.setGroups(await listGroups(db.pool, groupIds))
    if (ruleIds.length > 0) access.setRules(await listRules(db.pool, ruleIds), ruleIds)
    const emergencyIds = idsOf(entries, 'EmergencyOperation')
    if (emergencyIds.length > 0) emergencies.set(await listEmergencies(db.pool, emergencyIds))
    for (const listener of listeners) listener()
  }

  return {
    peek: (publicId) => keys.peek(publicId),
    find: (publicId) => keys.find(publicId),
    isActive: (userId) => users.get(userId)?.active === true,
    isEnded: (key) => emergencies.isEnded(key),
    target: (providerId) => targets.find(providerId),
    upstream: (providerId) => targets.upstream(providerId),
    upstreams: () => targets.upstreams(),
    decide: (userId, providerId, model) => access.decide(users.get(userId), providerId, model),
    ageMs: () => changes.ageMs(),
    onChange: (listener) => listeners.push(listener),
    async start() {
      // Subscribed first: a change during the first reading is read again, not missed.
      changes.subscribe(apply)
      keepNewer(users, await listUsers(db.pool, null))
      targets.set(await listProviders(db.pool, null))
      access.setGroups(await listGroups(db.pool, null))
      access.setRules(await listRules(db.pool, null))
      emergencies.set(await listEmergencies(db.pool, null))
    },
    async stop() {
      targets.close()
    },
  }
}

function keepNewer(users: Map<string, UserRow>, rows: readonly UserRow[]): void {
  for (const row of rows) if (row.version >= (users.get(row.id)?.version ?? 0)) users.set(row.id, row)
}

/** The ids of the changed ones of a type. */
const idsOf = (entries: readonly Change[], type: string) => [
  ...new Set(entries.flatMap((entry) => (entry.subjectType === type && entry.subjectId ? [entry.subjectId] : []))),
]

/** Thrown when too many unknown keys are being looked up: guessing must not occupy the database. */
export class TooManyLookups extends Error {
  override readonly name = 'TooManyLookups'
}

/** Secrets by public id. Exported for its tests. */
export class KeyCache {
  readonly #secrets: LRUCache<string, SecretRow>
  readonly #byKey = new Map<string, Set<string>>()
  readonly #unknown = new LRUCache<string, true>({ max: MAX_UNKNOWN, ttl: UNKNOWN_MS })
  readonly #running = new Map<string, Promise<SecretRow | null>>()
  readonly #read: (publicId: string) => Promise<SecretRow | null>
  #changes = 0

  constructor(read: (publicId: string) => Promise<SecretRow | null>, max = MAX_SECRETS) {
    this.#read = read
    this.#secrets = new LRUCache({ max, dispose: (secret, publicId) => this.#unlink(secret.key.id, publicId) })
  }

  peek(publicId: string): SecretRow | null | undefined {
    return this.#secrets.get(publicId) ?? (this.#unknown.has(publicId) ? null : undefined)
  }

  find(publicId: string): Promise<SecretRow | null> {
    const running = this.#running.get(publicId)
    if (running) return running
    if (this.#running.size >= MAX_LOOKUPS) return Promise.reject(new TooManyLookups('too many look-ups at once'))
    const started = this.#lookUp(publicId).finally(() => this.#running.delete(publicId))
    this.#running.set(publicId, started)
    return started
  }

  /** Drops what is known of these keys; look-ups that are under way will be repeated. Answers of which there was something. */
  forget(keyIds: readonly string[]): string[] {
    this.#changes++
    const known = keyIds.filter((keyId) => this.#byKey.has(keyId))
    for (const keyId of known)
      for (const publicId of [...(this.#byKey.get(keyId) ?? [])]) this.#secrets.delete(publicId)
    this.#unknown.clear()
    return known
  }

  forgetAll(): void {
    this.#changes++
    this.#secrets.clear()
    this.#unknown.clear()
  }

  /** Takes over what was read because of a change. */
  set(secrets: readonly SecretRow[]): void {
    this.#changes++
    for (const secret of secrets) this.#store(secret)
  }

  async #lookUp(publicId: string): Promise<SecretRow | null> {
    for (;;) {
      const before = this.#changes
      const found = await this.#read(publicId)
      // Something changed since it was asked: the answer may be from before that.
      if (before !== this.#changes) continue
      if (found) this.#store(found)
      else this.#unknown.set(publicId, true)
      return found
    }
  }

  #store(secret: SecretRow): void {
    const known = this.#secrets.peek(secret.publicId)
    if (known && known.key.version > secret.key.version) return
    this.#secrets.set(secret.publicId, secret)
    const ids = this.#byKey.get(secret.key.id) ?? new Set()
    ids.add(secret.publicId)
    this.#byKey.set(secret.key.id, ids)
  }

  #unlink(keyId: string, publicId: string): void {
    const ids = this.#byKey.get(keyId)
    ids?.delete(publicId)
    if (ids?.size === 0) this.#byKey.delete(keyId)
  }
}

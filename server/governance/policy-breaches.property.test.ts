import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createKeyType } from '../keys/policies.service.ts'
import { KEY_DETAILS, NO_RULES, type PolicyRules } from '../keys/policy.ts'
import { breachesOf, lifetimeBreaches } from '../keys/policy-check.ts'
import { FIRST_ID } from '../lib/page.ts'
import { testWorld } from '../test/world.ts'
import { countBreaking, type Found, nextBroken, nextLate } from './policy-breaches.service.ts'
import { type GovernedKey, listGovernedKeys } from './policy-breaches.store.ts'

const KEYS = 400
const HOUR_MS = 3_600_000
const world = await testWorld()
const { db } = world
const now = world.clock.now()
const owner = await world.person()
const providerIds = [await world.provider(), await world.provider(), await world.provider()].map(({ id }) => id)
const keyType = await createKeyType(await world.person('ADMINISTRATOR'), { name: 'Judged' })

const DAYS = [1, 2, 30, 365]
const FIELDS = ['cost centre', 'team', 'constructor', '__proto__']
const TEXTS = ['a', 'B', 'ä', '“x”']
const text = fc.option(fc.constantFrom(...TEXTS))
const past = fc.integer({ min: 0, max: 800 * 24 }).map((hours) => new Date(now.getTime() - hours * HOUR_MS))

const keys = fc.record({
  beginning: fc.stringMatching(/^[ab]{1,3}$/),
  providerId: fc.constantFrom(...providerIds),
  purpose: text,
  application: text,
  environment: text,
  fields: fc.dictionary(fc.constantFrom(...FIELDS), fc.constantFrom(...TEXTS)),
  createdAt: past,
  rotatedAt: fc.option(past),
  // To the millisecond when a policy says, and next to it.
  life: fc.option(fc.record({ days: fc.constantFrom(...DAYS, 900), ms: fc.constantFrom(-1, 0, 1) })),
})

const someRules = fc
  .record({
    namingPattern: fc.option(fc.constantFrom('[ab]*-\\d+', 'a+-\\d+', 'b.*')),
    requiredDetails: fc.subarray([...KEY_DETAILS]),
    fields: fc.uniqueArray(
      fc.record({ name: fc.constantFrom(...FIELDS), required: fc.boolean(), choices: fc.subarray(TEXTS) }),
      { selector: ({ name }) => name },
    ),
    maxLifetimeDays: fc.option(fc.constantFrom(...DAYS)),
    neverAllowed: fc.boolean(),
    providerIds: fc.subarray(providerIds),
  })
  .map((some): PolicyRules => ({ ...NO_RULES, ...some }))

async function insert() {
  const rows = fc.sample(keys, KEYS).map(({ life, beginning, rotatedAt, ...key }, index) => {
    const since = rotatedAt && rotatedAt > key.createdAt ? rotatedAt : key.createdAt
    const expiresAt = life && new Date(since.getTime() + life.days * 24 * HOUR_MS + life.ms)
    return { ...key, since, expiresAt, name: `${beginning}-${index}`, publicId: String(index).padStart(12, '0') }
  })
  await db.pool.query(
    `WITH given AS (
      SELECT gen_random_uuid() AS id, given.* FROM jsonb_to_recordset($1::jsonb) AS given (name text, "providerId" uuid,
        purpose text, application text, environment text, fields jsonb, "createdAt" timestamptz, since timestamptz,
        "expiresAt" timestamptz, "publicId" text)
    ), keys AS (
      INSERT INTO api_keys (id, name, owner_id, creator_id, provider_id, type, purpose, application, environment, fields,
        created_at, expires_at)
      SELECT id, name, $2, $2, "providerId", $3, purpose, application, environment, fields, "createdAt", "expiresAt"
      FROM given RETURNING id
    )
    INSERT INTO key_secrets (id, key_id, public_id, secret_hash, pepper_version, last_four, created_at)
    SELECT gen_random_uuid(), id, "publicId", '', 1, 'aaaa', since FROM given`,
    [JSON.stringify(rows), owner.viewer.id, keyType],
  )
}

/** All pages of a list, each as small as it gets. */
async function walk(next: (after: string) => Promise<Found>): Promise<readonly string[]> {
  const ids: string[] = []
  for (let after: string | null = FIRST_ID; after !== null; ) {
    const found: Found = await next(after)
    ids.push(...found.ids)
    after = found.next
  }
  return ids
}

const breaks = (rules: PolicyRules) => (key: GovernedKey) => breachesOf(rules, key).next().done !== true
const livesTooLong = (rules: PolicyRules) => (key: GovernedKey) => lifetimeBreaches(rules, key).next().done !== true

test('what is judged in the database is what is said of each key alone', async () => {
  await insert()
  const { rows } = await db.pool.query<{ id: string }>(
    'SELECT id FROM api_keys WHERE type = $1 AND (expires_at IS NULL OR expires_at > $2)',
    [keyType, now],
  )
  const living = await listGovernedKeys(
    db.pool,
    rows.map(({ id }) => id),
  )
  const idsOf = (some: readonly GovernedKey[]) => some.map(({ id }) => id)
  const agrees = fc.asyncProperty(someRules, async (rules) => {
    const judged = { keyType, rules, now }
    const [broken, late] = [living.filter(breaks(rules)), living.filter(livesTooLong(rules))]
    expect(await walk((after) => nextBroken(db, judged, { after, take: 150 }))).toEqual(idsOf(broken))
    expect(await walk((after) => nextLate(db, judged, { after, take: 150 }))).toEqual(idsOf(late))
    expect(await countBreaking(db, judged)).toEqual({
      checked: living.length,
      broken: broken.length,
      late: late.length,
    })
  })
  await fc.assert(agrees, { numRuns: 100, endOnFailure: true })
})

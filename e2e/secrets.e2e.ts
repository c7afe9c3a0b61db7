import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDb } from '../server/test/database.ts'
import { password } from './product/world.ts'
import { openWorld, type World } from './product.ts'

// Everything secret that goes into the product in this file. Nothing of it may come out anywhere but where it was
// shown once: neither in the log (at its most talkative), nor in the database, the metrics, the console or an answer.
const db = await testDb('')
const masterKey = randomBytes(32).toString('base64')
const providerCredential = 'sk-fake-credential'
let world: World
let secrets: readonly string[]

beforeAll(async () => {
  const env = { DATABASE_URL: db.url, AIC_MASTER_KEY: masterKey, AIC_LOG_LEVEL: 'trace' }
  world = await openWorld({ env })
  const { admin, key, product } = world
  const { createAccessToken } = Object(
    await admin.api.query(`mutation { createAccessToken(input: { name: "Canary", scopes: [READ, WRITE] }) {
      ... on CreateAccessTokenSuccess { secret } } }`),
  )
  await key.post({ model: 'gpt-4', messages: [{ role: 'user', content: 'hello' }] })
  await fetch(`${product.url}/work?api_key=${key.secret}`, { method: 'POST' })
  await fetch(`${product.url}/work`, { method: 'POST', headers: { authorization: `Bearer ${key.secret}x` } })
  await fetch(`${product.url}/work`, { method: 'POST', headers: { 'x-api-key': key.secret }, body: '{' })
  await admin.api.query('{ apiKeys { nodes { id } } }')
  const secret = key.secret.slice('aic_'.length + 12)
  secrets = [secret, providerCredential, password, masterKey, product.setupToken, createAccessToken.secret.slice(17)]
})

afterAll(() => world.close())

/** What `bytea` columns hold, which PostgreSQL prints in hexadecimal. */
const bytesIn = (text: string) =>
  [...text.matchAll(/\\x([0-9a-f]+)/g)].map(([, hex = '']) => Buffer.from(hex, 'hex').toString('latin1'))

const leaks = (text: string) => secrets.filter((secret) => text.includes(secret))

test('no secret is in the log, however talkative', async () => {
  expect(leaks(world.product.output())).toEqual([])
})

test('no secret is in any cell of the database', async () => {
  const { rows } = await db.pool.query<{ name: string }>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'`,
  )
  expect(rows.length).toBeGreaterThan(15)
  for (const { name } of rows) {
    const { rows: cells } = await db.pool.query<{ text: string; bytes: string }>(
      `SELECT t::text AS text FROM ${name} t`,
    )
    const texts = cells.flatMap(({ text }) => [text, ...bytesIn(text)])
    expect({ name, leaks: leaks(texts.join('\n')) }).toEqual({ name, leaks: [] })
  }
})

test('no secret is in any answer that a reader can ask for', async () => {
  const { admin, product } = world
  const answers = await Promise.all([
    admin.api.query('{ auditEntries(first: 100) { nodes { before after subjectName } } }'),
    admin.api.query('{ providers { nodes { name baseUrl credentialLastFour authHeader } } }'),
    admin.api.query('{ apiKeys { nodes { prefix lastFour publicId secrets { prefix lastFour } } } }'),
    admin.api.query('{ accessTokens { nodes { prefix lastFour } } sessions { nodes { id userAgent } } }'),
    fetch(product.url).then((answer) => answer.text()),
  ])
  expect(leaks(JSON.stringify(answers))).toEqual([])
})

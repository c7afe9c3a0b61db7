import { createHash } from 'node:crypto'
import { isExpired, subjectOf } from '../keys/key.ts'
import { type ApiKeyRow, lockKeys, updateKey } from '../keys/keys.store.ts'
import { type Acting, asSystem, change } from '../lib/change.ts'
import type { Parts } from '../lib/parts.ts'
import { InvalidInput } from '../lib/problems.ts'
import { isSecretRight, readSecret } from '../lib/secret.ts'
import { insertNotices, listAdministratorIds } from '../users/notices.store.ts'
import type { Act } from '../users/viewer.ts'
import * as store from './leaks.store.ts'
import { findSecrets, isSigned, leakReportersSchema, leakReportSchema } from './leaks.ts'

type Report = { readonly source: string; readonly url: string | null }

/** Ends the key of this secret if the secret is right and still of use. True when it is a secret of this installation. */
async function endLeaked(acting: Acting<Parts>, text: string, { source, url }: Report): Promise<boolean> {
  const { db, keyring, clock } = acting.parts
  const read = readSecret(text, 'aic_')
  const stored = read && (await store.findSecret(db.prisma, read.publicId))
  if (!read || !stored || !isSecretRight(keyring, stored, read.secret)) return false
  const now = clock.now()
  if (stored.expiresAt && stored.expiresAt <= now) return true
  await change(acting, async (tx, record) => {
    const [key] = await lockKeys(tx, [stored.keyId])
    if (!key || key.leakedAt) return
    const expiresAt = isExpired(key, now) ? key.expiresAt : now
    await updateKey(tx, key.id, { expiresAt, leakedAt: now })
    const before = { expiresAt: key.expiresAt, leakedAt: null }
    const after = { expiresAt, leakedAt: now, source, url, publicId: read.publicId }
    record({ action: 'reportLeakedKey', ...subjectOf(key), before, after })
    await insertNotices(tx, noticesOf(key, await listAdministratorIds(tx), source), now)
  })
  return true
}

const noticesOf = (key: ApiKeyRow, administrators: readonly string[], source: string) =>
  [...new Set([key.ownerId, ...administrators])].map((userId) => ({
    userId,
    kind: 'KEY_LEAKED' as const,
    occasion: `leak:${key.id}`,
    ...subjectOf(key),
    details: { source },
  }))

/**
 * Ends every key whose whole secret stands in the text, at once. Who shows a secret needs no other right to end it.
 * Answers how many secrets of this installation there were. Throws `InvalidInput` when nothing looks like a secret.
 */
export async function reportLeakedKey(
  act: Act,
  input: { readonly text: string; readonly url?: string | null | undefined },
) {
  const secrets = findSecrets(input.text)
  if (secrets.length === 0) {
    throw new InvalidInput([{ path: 'text', message: 'has no text of the form of a key: aic_ and 50 characters.' }])
  }
  const report = { source: 'a person', url: input.url ?? null }
  const known = []
  for (const secret of secrets) known.push(await endLeaked(act, secret, report))
  return known.filter(Boolean).length
}

export type SignedReport = { readonly body: Buffer; readonly identifier: string; readonly signature: string }

/** What came of each reported token; the token itself is not repeated. */
export type ReportAnswer = { readonly token_hash: string; readonly token_type: string; readonly label: string }

/**
 * Takes a report of the form of GitHub's secret scanning. Null: its signature is not that of a known reporter. Throws
 * `InvalidInput` when a signed body is not of the form.
 */
export async function takeLeakReport(parts: Parts, report: SignedReport, address: string | null) {
  const { leakReporters } = await store.getReporters(parts.db.prisma)
  if (!isSigned(leakReportersSchema.parse(leakReporters), report.body, report)) return null
  const read = leakReportSchema.safeParse(parseJson(report.body))
  if (!read.success) throw new InvalidInput([{ path: '', message: 'is not a list of tokens.' }])
  const system = asSystem(parts)
  const acting = { ...system, origin: { ...system.origin, address } }
  const answers: ReportAnswer[] = []
  for (const { token, type, url } of read.data) {
    const isOurs = await endLeaked(acting, token, { source: report.identifier, url: url ?? null })
    const label = isOurs ? 'true_positive' : 'false_positive'
    answers.push({ token_hash: createHash('sha256').update(token).digest('base64'), token_type: type ?? '', label })
  }
  return answers
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return null
  }
}

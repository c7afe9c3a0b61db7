import { verify } from 'node:crypto'
import { z } from 'zod'

const MAX_SECRETS = 1_000

/** Everything in a text that looks like a secret of a key, each once. */
export const findSecrets = (text: string): string[] =>
  [...new Set(text.match(/aic_[0-9A-Za-z]{50}/g))].slice(0, MAX_SECRETS)

/** One who may report leaks without signing in, as GitHub's secret scanning does. */
export const leakReportersSchema = z.array(z.object({ identifier: z.string(), publicKey: z.string() }))
export type LeakReporter = z.infer<typeof leakReportersSchema>[number]

/** True when the signature (base64, ECDSA over SHA-256) of these very bytes was made by the reporter of this name. */
export function isSigned(
  reporters: readonly LeakReporter[],
  body: Buffer,
  { identifier, signature }: { readonly identifier: string; readonly signature: string },
): boolean {
  const reporter = reporters.find((known) => known.identifier === identifier)
  if (!reporter) return false
  try {
    return verify('sha256', body, reporter.publicKey, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}

/** What a report says, as GitHub sends it; more members than these are of no interest. */
export const leakReportSchema = z
  .array(
    z.object({
      token: z.string().max(1_000),
      type: z.string().max(200).optional(),
      url: z.string().max(2_000).nullish(),
    }),
  )
  .max(MAX_SECRETS)

import { z } from 'zod'
import { change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import { differences } from '../lib/differences.ts'
import { InvalidInput } from '../lib/problems.ts'
import { parse } from '../lib/text.ts'
import { changeCalendar } from '../limits/calendar.service.ts'
import { hasMoney } from '../limits/prices.store.ts'
import { hasCosts, rebuildDays } from '../usage/days.store.ts'
import { knowsTimeZone, lockInstallation, readSettings, updateSettings } from '../users/installation.store.ts'
import type { InstallationSettings } from '../users/installation.ts'
import type { Act } from '../users/viewer.ts'

const whole = (max: number) =>
  z.int('must be a whole number.').min(1, 'must be 1 or more.').max(max, `must be ${max} or less.`)

const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

/** Longer than anything that is looked up in the log by the product itself. */
const MIN_AUDIT_DAYS = 30

const schema = z.object({
  timeZone: z.string().refine(isTimeZone, 'must be the name of a time zone, such as Europe/Berlin.').nullish(),
  currency: z
    .string()
    .refine((code) => CURRENCIES.has(code), 'must be a currency code of ISO 4217, such as EUR.')
    .nullish(),
  defaultMaxTokens: whole(1_000_000).nullish(),
  usageRetentionDays: whole(3650).nullish(),
  auditRetentionDays: z
    .int('must be a whole number.')
    .max(3650, 'must be 3650 or less.')
    .refine((days) => days === 0 || days >= MIN_AUDIT_DAYS, `must be ${MIN_AUDIT_DAYS} or more, or 0 for ever.`)
    .nullish(),
})

/** A name, never an offset: those know no daylight saving, and the database reads their sign the other way round. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== ''
  } catch {
    return false
  }
}

export type InstallationEdit = z.input<typeof schema>

export const getInstallationSettings = ({ parts }: Act): Promise<InstallationSettings> => readSettings(parts.db.prisma)

/** Summing the days of years anew takes minutes. */
const REBUILD_MS = 600_000

/**
 * Changes what is given; null and what is left out stay. Another time zone moves the days of all reports and the
 * windows of limits; no request is lost from either. Throws `InvalidInput`.
 */
export async function updateInstallationSettings(act: Act, input: InstallationEdit): Promise<InstallationSettings> {
  const edit = toWished(parse(schema, input))
  return change(
    act,
    async (tx, record) => {
      await lockInstallation(tx)
      const settings = await readSettings(tx)
      const changed = differences(settings, edit)
      if (!changed) return settings
      const { after } = changed
      await check(tx, after)
      const subject = { subjectType: 'InstallationSettings', subjectId: null, subjectName: null }
      record({ action: 'updateInstallationSettings', ...subject, ...changed })
      await updateSettings(tx, after)
      if (after.timeZone !== undefined) {
        await rebuildDays(tx, after.timeZone)
        await changeCalendar(tx, { before: settings.timeZone, after: after.timeZone }, act.parts.clock.now())
      }
      return { ...settings, ...after }
    },
    { timeoutMs: REBUILD_MS },
  )
}

/** What is given, by its own names: null leaves a value as it is; of the audit log, zero days stand for "for ever". */
const toWished = ({ auditRetentionDays, ...edit }: z.output<typeof schema>) => ({
  timeZone: edit.timeZone ?? undefined,
  currency: edit.currency ?? undefined,
  defaultMaxTokens: edit.defaultMaxTokens ?? undefined,
  usageRetentionDays: edit.usageRetentionDays ?? undefined,
  auditRetentionDays: auditRetentionDays == null ? undefined : auditRetentionDays || null,
})

async function check(tx: Tx, { timeZone, currency }: Partial<InstallationSettings>): Promise<void> {
  if (timeZone !== undefined && !(await knowsTimeZone(tx, timeZone))) {
    throw new InvalidInput([{ path: 'timeZone', message: 'is not known to the database.' }])
  }
  // Nothing here knows an exchange rate: amounts would change their meaning.
  if (currency !== undefined && ((await hasMoney(tx)) || (await hasCosts(tx)))) {
    const message = 'cannot change any more: there are prices, limits of money or costs in the old one.'
    throw new InvalidInput([{ path: 'currency', message }])
  }
}

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { z } from 'zod'
import { EXIT, StartFailure } from './lib/exit.ts'
import {
  address,
  base64Keys,
  cidr,
  commaList,
  flag,
  isLoopback,
  postgresUrl,
  privateUpstream,
  publicUrl,
  wholeNumber,
} from './lib/settings.ts'

type Environment = Readonly<Record<string, string | undefined>>
type Values = Readonly<Record<string, string>>

const MIB = 1024 * 1024
const DAY_MS = 86_400_000

const variables = z.object({
  AIC_HOST: address.default('127.0.0.1'),
  AIC_PORT: wholeNumber(0, 65_535).default(9090),
  AIC_PUBLIC_URL: publicUrl.optional(),
  AIC_TLS_CERT: z.string().optional(),
  AIC_TLS_KEY: z.string().optional(),
  AIC_DATA_DIR: z.string().optional(),
  DATABASE_URL: postgresUrl.optional(),
  AIC_MASTER_KEY: base64Keys.optional(),
  AIC_SETUP_TOKEN: z.string().min(16, 'must have 16 characters or more').max(256).optional(),
  AIC_PRIVATE_UPSTREAMS: commaList(privateUpstream).default([]),
  AIC_LOOPBACK_UPSTREAMS: flag.default(false),
  AIC_STALENESS_MS: wholeNumber(1_000, 3_600_000).default(30_000),
  AIC_DRAIN_MS: wholeNumber(0, DAY_MS).default(30_000),
  AIC_MAX_BODY_BYTES: wholeNumber(1_024, 1_024 * MIB).default(10 * MIB),
  AIC_CACHE_BYTES: wholeNumber(0, 64 * 1_024 * MIB).default(64 * MIB),
  AIC_JOURNAL_SYNC: z.enum(['group', 'always'], 'must be group or always').default('group'),
  AIC_FAST_PATH: flag.default(true),
  AIC_TRUSTED_PROXIES: commaList(cidr).default([]),
  AIC_METRICS_PORT: wholeNumber(1, 65_535).optional(),
  AIC_LOG_LEVEL: z
    .enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      'must be fatal, error, warn, info, debug, trace or silent',
    )
    .default('info'),
})

type Variables = z.infer<typeof variables>

/** What the operator set, checked and with its defaults. Built once; nothing else reads the environment. */
export type Config = {
  readonly host: string
  readonly port: number
  /** Origin without a trailing slash; null: people use the address it listens on. */
  readonly publicUrl: string | null
  /** PEM texts; null: plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | null
  /** Absolute. */
  readonly dataDir: string
  /** Null: the embedded database. */
  readonly databaseUrl: string | null
  /** 32 bytes each, newest first; empty: the data directory has one or gets one (`lib/master-key.ts`). */
  readonly masterKeys: readonly Buffer[]
  /** The one-time token of the first administrator; null: one is made and printed. */
  readonly setupToken: string | null
  /** CIDR or host:port, as written. */
  readonly privateUpstreams: readonly string[]
  readonly loopbackUpstreams: boolean
  readonly stalenessMs: number
  readonly drainMs: number
  readonly maxBodyBytes: number
  /** The most that the response cache holds; 0 switches it off. */
  readonly cacheBytes: number
  readonly journalSync: 'group' | 'always'
  /** False: every byte of `/work` goes through node:http and undici, for comparison and in an emergency. */
  readonly fastPath: boolean
  /** CIDRs whose `X-Forwarded-*` count. */
  readonly trustedProxies: readonly string[]
  /** Null: `/metrics` on the main port, with an administrator's token. */
  readonly metricsPort: number | null
  readonly logLevel: Variables['AIC_LOG_LEVEL']
}

/** Reads the environment. Throws one `StartFailure` (exit code 64) that lists every error there is. */
export function readConfig(environment: Environment = process.env): Config {
  const { values, errors } = readVariables(environment)
  errors.push(...contradictions(values))
  const tls = readTls(values, errors)
  const parsed = variables.safeParse(values)
  if (!parsed.success) errors.push(...new Set(parsed.error.issues.map(toSentence)))
  if (!parsed.success || errors.length > 0) throw badConfiguration(errors)
  return toConfig(parsed.data, tls)
}

const toSentence = ({ path, message }: z.core.$ZodIssue) => `${String(path[0])} ${message}`

function toConfig(set: Variables, tls: Config['tls']): Config {
  return {
    host: set.AIC_HOST,
    port: set.AIC_PORT,
    publicUrl: set.AIC_PUBLIC_URL ?? null,
    tls,
    dataDir: resolve(set.AIC_DATA_DIR ?? defaultDataDir()),
    databaseUrl: set.DATABASE_URL ?? null,
    masterKeys: set.AIC_MASTER_KEY ?? [],
    setupToken: set.AIC_SETUP_TOKEN ?? null,
    privateUpstreams: set.AIC_PRIVATE_UPSTREAMS,
    loopbackUpstreams: set.AIC_LOOPBACK_UPSTREAMS,
    stalenessMs: set.AIC_STALENESS_MS,
    drainMs: set.AIC_DRAIN_MS,
    maxBodyBytes: set.AIC_MAX_BODY_BYTES,
    cacheBytes: set.AIC_CACHE_BYTES,
    journalSync: set.AIC_JOURNAL_SYNC,
    fastPath: set.AIC_FAST_PATH,
    trustedProxies: set.AIC_TRUSTED_PROXIES,
    metricsPort: set.AIC_METRICS_PORT ?? null,
    logLevel: set.AIC_LOG_LEVEL,
  }
}

/** `NAME`, or the content of the file that `NAME_FILE` names (without its last line break). Empty means not set. */
function readVariables(environment: Environment): { values: Record<string, string>; errors: string[] } {
  const values: Record<string, string> = {}
  const errors: string[] = []
  for (const name of Object.keys(variables.shape)) {
    const direct = environment[name]
    const file = environment[`${name}_FILE`]
    if (direct && file) errors.push(`${name} and ${name}_FILE are both set: keep one`)
    else if (direct) values[name] = direct
    else if (file) readInto(values, name, file, errors)
  }
  return { values, errors }
}

function readInto(values: Record<string, string>, name: string, file: string, errors: string[]): void {
  const text = readText(file)
  if (text === null) errors.push(`${name}_FILE names a file that cannot be read`)
  else if (text.trim() === '') errors.push(`${name}_FILE names an empty file`)
  else values[name] = text.replace(/\r?\n$/, '')
}

/** What is wrong between variables, whether or not each is right in itself: an operator is told all at once. */
function contradictions(set: Values): string[] {
  const errors: string[] = []
  const host = address.safeParse(set['AIC_HOST'] ?? '127.0.0.1')
  const tlsParts = [set['AIC_TLS_CERT'], set['AIC_TLS_KEY']].filter((part) => part !== undefined).length
  if (tlsParts === 1) {
    errors.push('AIC_TLS_CERT and AIC_TLS_KEY must be set together')
  }
  // Passwords and keys would cross a network in the clear; with a public URL, something in front speaks TLS.
  if (host.success && !isLoopback(host.data) && tlsParts !== 2 && set['AIC_PUBLIC_URL'] === undefined) {
    errors.push('AIC_HOST is not a loopback address: set AIC_TLS_CERT and AIC_TLS_KEY, or AIC_PUBLIC_URL')
  }
  // A generated key would differ between nodes and be lost with this machine while the database lives on elsewhere.
  if (set['DATABASE_URL'] !== undefined && set['AIC_MASTER_KEY'] === undefined) {
    errors.push('AIC_MASTER_KEY is required with DATABASE_URL')
  }
  return errors
}

/** Each of the two is a PEM text or the path of one. */
function readTls(set: Values, errors: string[]): Config['tls'] {
  const { AIC_TLS_CERT: cert, AIC_TLS_KEY: key } = set
  if (cert === undefined || key === undefined) return null
  const tls = { cert: readPem('AIC_TLS_CERT', cert, errors), key: readPem('AIC_TLS_KEY', key, errors) }
  if (tls.cert !== '' && tls.key !== '' && !isPair(tls)) {
    errors.push('AIC_TLS_CERT and AIC_TLS_KEY are not a certificate and its key (without a passphrase)')
  }
  return tls
}

function isPair(tls: NonNullable<Config['tls']>): boolean {
  try {
    createSecureContext(tls)
    return true
  } catch {
    return false
  }
}

function readPem(name: string, value: string, errors: string[]): string {
  const text = value.includes('-----BEGIN') ? value : readText(value)
  if (text?.includes('-----BEGIN')) return text
  errors.push(`${name} is neither a PEM text nor the path of one`)
  return ''
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

// A service run as root has no home of its own to keep data in, and PostgreSQL must reach it under another user.
function defaultDataDir(): string {
  return process.getuid?.() === 0 ? '/var/lib/ai-controller' : './data'
}

function badConfiguration(errors: readonly string[]): StartFailure {
  return new StartFailure(EXIT.badConfiguration, ['The configuration is not valid:', ...errors].join('\n  - '))
}

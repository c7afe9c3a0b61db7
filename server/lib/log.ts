import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'credential',
  'masterKey',
  'masterKeys',
  'password',
  'secret',
  'setupToken',
  'token',
  '["api-key"]',
  '["set-cookie"]',
  '["x-api-key"]',
]

const redact = SECRET_FIELDS.flatMap((field) =>
  field.startsWith('[') ? [field, `*${field}`, `*.*${field}`] : [field, `*.${field}`, `*.*.${field}`],
)

// A field list cannot know every place: an error's message or a header under another name may hold a whole secret.
// So the finished line is read once more for anything shaped like one; the public id stays, to tell keys apart.
const MINTED = /\b(aicp?_[0-9A-Za-z]{12})[0-9A-Za-z]{38}\b/g
const BEARER = /\b(bearer\s+)(?!aicp?_)[\w.~+/=-]{8,}/gi
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/"]*):[^\s@/"]+@/gi

/** The line without anything that looks like a secret. */
export function scrub(line: string): string {
  return line.replace(MINTED, '$1[secret]').replace(BEARER, '$1[secret]').replace(URL_PASSWORD, '$1:[secret]@')
}

type Described = { readonly type: string; readonly message: string; readonly stack?: string; readonly code?: unknown }

// Only what a reader needs: drivers hang whole clients, requests and connection settings on their errors.
function describeError(error: unknown): (Described & { readonly cause?: Described }) | string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : 'not an error'
  const { name: type, message, stack, cause } = error
  const described = {
    type,
    message,
    ...(stack !== undefined && { stack }),
    ...('code' in error && { code: error.code }),
  }
  if (!(cause instanceof Error)) return described
  return { ...described, cause: { type: cause.name, message: cause.message } }
}

/** Writes one JSON line per entry to stdout (or `destination`). Secrets are removed by field name and by shape. */
export function createLog(level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    redact: { paths: redact, censor: '[secret]' },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    hooks: { streamWrite: scrub },
    serializers: { err: describeError },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}

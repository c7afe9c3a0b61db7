import { Refusal } from './refusal.ts'
import type { Endpoint } from './route.ts'
import { checkUtf8, countElements, type Kind, type Member, type Scanned, scanObject } from './scan.ts'
import { ScanFailure } from './scan-values.ts'

/** What a caller asks for, read from the bytes of the body. */
export type Ask = {
  /** What goes to the provider: the caller's own bytes, but for what had to be asked in addition. */
  readonly body: Buffer
  readonly model: string
  readonly streamed: boolean
  /** True when usage was asked for on the caller's behalf and its extra event must be taken out again. */
  readonly hidesUsage: boolean
  /** The most tokens that an answer may have, and how many are made; null when the caller did not say. */
  readonly maxTokens: number | null
  readonly choices: number | null
  /** Of /completions: each of several prompts is answered. */
  readonly prompts: number
  /** Bytes as they came from the caller. */
  readonly bytes: number
  /** Of a form: the bytes of its fields without the files, which say nothing of tokens. Null for JSON. */
  readonly fieldBytes: number | null
  /** Of a form: what is between its parts. Null for JSON. */
  readonly boundary: string | null
}

const MAX_MODEL = 256
const MAX_OPTIONS_BYTES = 4_096

/** The most tokens of an answer, by the names that endpoints and times gave it. */
const MAXIMA = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'] as const
const WANTED = new Set(['model', 'stream', 'stream_options', 'prompt', ...MAXIMA, 'n', 'best_of'])

// They mean "send it elsewhere" or "with another credential" to some gateway or client library behind us.
const FORBIDDEN = new Set([
  'anthropicbaseurl',
  'apibase',
  'apibaseurl',
  'apiendpoint',
  'apihost',
  'apikey',
  'apitype',
  'apiurl',
  'apiversion',
  'authorization',
  'azureadtoken',
  'azureendpoint',
  'basepath',
  'baseurl',
  'customllmprovider',
  'endpoint',
  'endpointurl',
  'extraheaders',
  'host',
  'httpproxy',
  'httpsproxy',
  'openaiapibase',
  'openaibaseurl',
  'providerurl',
  'proxy',
  'proxyurl',
  'serverurl',
  'targeturl',
  'upstream',
  'upstreamurl',
])

/**
 * Some parsers match member names without regard to case, so `Model` next to `model` is a second model to them: they
 * count as one name here.
 */
export function wanted(name: string): string | null {
  const lower = name.toLowerCase()
  if (WANTED.has(lower)) return lower
  if (FORBIDDEN.has(lower.replace(/[_-]/g, ''))) {
    throw new Refusal('invalid_parameter', { message: `The member ${name} is not allowed.`, param: name })
  }
  return null
}

// The first two letters of every name that `wanted` knows; those of the forbidden ones may have a mark between them.
const BEGINNINGS = new Set([...WANTED, ...FORBIDDEN].map((name) => name.slice(0, 2)))
const FIRST_LETTERS = new Set([...FORBIDDEN].map((name) => name.charCodeAt(0)))
const BEGINS = new Uint8Array(1 << 16)
for (const text of BEGINNINGS) BEGINS[(text.charCodeAt(0) << 8) | text.charCodeAt(1)] = 1

const isMark = (byte: number) => byte === 0x2d || byte === (0x5f | 0x20)

const mayBeWanted = (first: number, second: number): boolean =>
  BEGINS[(first << 8) | second] === 1 || isMark(first) || (isMark(second) && FIRST_LETTERS.has(first))

const KINDS: Readonly<Record<string, readonly Kind[]>> = {
  model: ['string'],
  stream: ['true', 'false', 'null'],
  stream_options: ['object', 'null'],
  max_tokens: ['number', 'null'],
  max_completion_tokens: ['number', 'null'],
  max_output_tokens: ['number', 'null'],
  n: ['number', 'null'],
  best_of: ['number', 'null'],
}

const WORDS: Readonly<Record<string, string>> = {
  model: 'a string',
  stream: 'true or false',
  stream_options: 'an object',
}

/** Reads the body for one endpoint. Throws a `Refusal` for anything that is not the caller's clear wish. */
export function readAsk(endpoint: Endpoint, bytes: Buffer): Ask {
  const scanned = scan(bytes)
  const members = new Map(scanned.members.map((member) => [member.name, member]))
  for (const { name, kind } of scanned.members) {
    if (KINDS[name]?.includes(kind) === false) {
      throw new Refusal('invalid_parameter', { message: `${name} must be ${WORDS[name] ?? 'a number'}.`, param: name })
    }
  }
  const streamed = members.get('stream')?.kind === 'true'
  const asksUsage = streamed && (endpoint === 'chat/completions' || endpoint === 'completions')
  const body = asksUsage ? askForUsage(bytes, scanned, members.get('stream_options')) : bytes
  return {
    body,
    model: readModel(bytes, members.get('model')),
    streamed,
    hidesUsage: body !== bytes,
    maxTokens: largest(bytes, ...MAXIMA.map((name) => members.get(name))),
    choices: largest(bytes, members.get('n'), members.get('best_of')),
    prompts: countPrompts(bytes, members.get('prompt')),
    bytes: bytes.length,
    fieldBytes: null,
    boundary: null,
  }
}

function scan(bytes: Buffer): Scanned {
  try {
    checkUtf8(bytes)
    return scanObject(bytes, wanted, mayBeWanted)
  } catch (error) {
    if (error instanceof ScanFailure) throw new Refusal(error.code, { message: error.message, param: error.param })
    throw error
  }
}

const textOf = (bytes: Buffer, { start, end }: Member) => bytes.toString('utf8', start, end)

function readModel(bytes: Buffer, member: Member | undefined): string {
  if (member === undefined) throw new Refusal('invalid_parameter', { message: 'model is missing.', param: 'model' })
  const raw = textOf(bytes, member)
  return checkModelName(raw.includes('\\') ? String(JSON.parse(raw)) : raw.slice(1, -1))
}

/** The same name; a `Refusal` for what cannot be one. */
export function checkModelName(model: string): string {
  if (model === '' || model.length > MAX_MODEL || /\p{Cc}/u.test(model) || !model.isWellFormed()) {
    throw new Refusal('invalid_parameter', { message: 'model is not the name of a model.', param: 'model' })
  }
  return model
}

/** The most that a provider may take: of two such numbers one holds, and which one is its business. */
function largest(bytes: Buffer, ...members: readonly (Member | undefined)[]): number | null {
  let most: number | null = null
  for (const member of members) {
    if (member?.kind === 'number') most = Math.max(most ?? Number.NEGATIVE_INFINITY, Number(textOf(bytes, member)))
  }
  return most
}

/** A list of numbers is one prompt: its tokens. */
const countPrompts = (bytes: Buffer, member: Member | undefined): number =>
  member?.kind === 'array' ? Math.max(1, countElements(bytes, member.start)) : 1

const splice = (bytes: Buffer, start: number, end: number, text: string) =>
  Buffer.concat([bytes.subarray(0, start), Buffer.from(text), bytes.subarray(end)])

/** The same bytes with `stream_options.include_usage` true; the very same buffer when the caller asked for it. */
function askForUsage(bytes: Buffer, { close }: Scanned, options: Member | undefined): Buffer {
  if (options === undefined) return splice(bytes, close, close, ',"stream_options":{"include_usage":true}')
  if (options.kind === 'null') return splice(bytes, options.start, options.end, '{"include_usage":true}')
  if (options.end - options.start > MAX_OPTIONS_BYTES) {
    throw new Refusal('body_too_complex', { message: 'stream_options is too large.', param: 'stream_options' })
  }
  const inner = scanOptions(bytes.subarray(options.start, options.end))
  const asked = inner.members[0]
  if (asked?.kind === 'true') return bytes
  if (asked) return splice(bytes, options.start + asked.start, options.start + asked.end, 'true')
  const content = bytes.toString('utf8', options.start + inner.open + 1, options.start + inner.close)
  const comma = content.trim() === '' ? '' : ','
  return splice(bytes, options.start + 1, options.start + 1, `"include_usage":true${comma}`)
}

function scanOptions(bytes: Buffer): Scanned {
  try {
    return scanObject(bytes, (name) => (name.toLowerCase() === 'include_usage' ? 'include_usage' : null))
  } catch (error) {
    if (!(error instanceof ScanFailure)) throw error
    throw new Refusal(error.code, { message: error.message, param: `stream_options.${error.param}` })
  }
}

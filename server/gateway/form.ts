import { ScanFailure } from './scan-values.ts'

/** A part of a form: its name, and where its content lies in the bytes. */
export type FormPart = { readonly name: string; readonly isFile: boolean; readonly start: number; readonly end: number }

const MAX_PARTS = 256
const MAX_HEADER_BYTES = 4_096
const CRLF = '\r\n'
const broken = (at: number) => new ScanFailure('invalid_body', `The form is not well-formed (at byte ${at}).`)
const BLANK_LINE = Buffer.from('\r\n\r\n')

// One way to write it, the one that clients use: whatever parsers read differently is refused.
const TYPE = /^multipart\/form-data\s*;\s*boundary=(?:"([\w'()+,./:=?-]{1,70})"|([\w'+.-]{1,70}))$/i
// Java clients name one; it says nothing of where a part begins.
const CHARSET = /;\s*charset=(?:"[\w-]+"|[\w-]+)(?=\s*(?:;|$))/i
const HEADER = /^([\w-]+):[ \t]*(.*)$/
// Without quotes it is a token, as `UTF-8''%C3%A9.wav`, which .NET sends beside a plain file name.
const PARAMETER = /;[ \t]*([\w*]+)=(?:"((?:[^"\\]|\\.)*)"|([\w!#$%&'*+.^`|~-]+))/gy
// As it is: Ruby, Dart and Java clients say so of each part.
const NOT_ENCODED = /^(?:7bit|8bit|binary)$/i

/** The boundary that a content type names; null for any other type. */
export function readBoundary(contentType: string): string | null {
  const found = TYPE.exec(contentType.replace(CHARSET, '').trim())
  return found?.[1] ?? found?.[2] ?? null
}

/**
 * The parts of `multipart/form-data` (RFC 7578) in their order. Linear in time: the content of a part is only searched
 * for the boundary. Throws `ScanFailure` for what is not written strictly, and for more than 256 parts.
 */
export function scanForm(bytes: Buffer, boundary: string): readonly FormPart[] {
  const delimiter = Buffer.from(`${CRLF}--${boundary}`)
  if (!bytes.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2))) throw broken(0)
  const parts: FormPart[] = []
  let at = delimiter.length - 2
  while (!isLast(bytes, at)) {
    if (parts.length === MAX_PARTS)
      throw new ScanFailure('body_too_complex', `The form has more than ${MAX_PARTS} parts.`)
    const blank = bytes.subarray(at, at + MAX_HEADER_BYTES).indexOf(BLANK_LINE)
    const start = at + blank + BLANK_LINE.length
    const end = blank === -1 ? -1 : bytes.indexOf(delimiter, start)
    if (end === -1) throw broken(at)
    parts.push({ ...readPartHead(bytes.toString('utf8', at, start - 4), at), start, end })
    at = end + delimiter.length
  }
  return parts
}

/** True behind the closing delimiter, false where a part begins. */
function isLast(bytes: Buffer, at: number): boolean {
  const next = bytes.toString('latin1', at, at + 2)
  if (next === CRLF) return false
  const rest = bytes.length - at
  if (next === '--' && (rest === 2 || (rest === 4 && bytes.toString('latin1', at + 2) === CRLF))) return true
  throw broken(at)
}

/** `head` begins with the line break behind the delimiter. */
function readPartHead(head: string, at: number): Pick<FormPart, 'name' | 'isFile'> {
  let disposition: string | null = null
  for (const line of head.split(CRLF).slice(1)) {
    const [, name = '', value = ''] = HEADER.exec(line) ?? []
    if (name === '') throw broken(at)
    if (name.toLowerCase() === 'content-transfer-encoding' && !NOT_ENCODED.test(value.trim())) throw broken(at)
    if (name.toLowerCase() !== 'content-disposition') continue
    if (disposition !== null) throw broken(at)
    disposition = value.trim()
  }
  if (disposition === null || !/^form-data\s*;/i.test(disposition)) throw broken(at)
  return readDisposition(disposition.slice('form-data'.length).trimStart(), at)
}

function readDisposition(text: string, at: number): Pick<FormPart, 'name' | 'isFile'> {
  const parameters = new Map<string, string>()
  let end = 0
  for (const found of text.matchAll(PARAMETER)) {
    const name = (found[1] ?? '').toLowerCase()
    if (parameters.has(name)) throw broken(at)
    parameters.set(name, found[2] ?? found[3] ?? '')
    end = found.index + found[0].length
  }
  const name = parameters.get('name')
  if (end !== text.length || name === undefined || parameters.has('name*')) throw broken(at)
  return { name, isFile: parameters.has('filename') || parameters.has('filename*') }
}

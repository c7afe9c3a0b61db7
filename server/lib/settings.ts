import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { z } from 'zod'

/** A whole number between two bounds, written in decimal digits. */
export function wholeNumber(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message)
}

/** `1` or `true`, `0` or `false`. */
export const flag = z
  .enum(['1', 'true', '0', 'false'], 'must be 1 or 0')
  .transform((value) => value === '1' || value === 'true')

/** An IP address, or `localhost`. */
export const address = z
  .string()
  .refine((value) => value === 'localhost' || isIP(value) !== 0, 'must be an IP address or localhost')

/** True for an address that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || (isIP(host) !== 0 && ipaddr.process(host).range() === 'loopback')
}

/** `10.0.0.0/8`, `fd00::/8`, or one address. */
export const cidr = z.string().refine(isCidr, 'must list CIDRs such as 10.0.0.0/8')

/** A CIDR, or `host:port`. */
export const privateUpstream = z
  .string()
  .refine((value) => isCidr(value) || isHostAndPort(value), 'must list CIDRs or host:port')

/** Items between commas; blanks around them and empty ones do not count. */
export function commaList(item: z.ZodType<string, string>) {
  return z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .transform((parts) => parts.filter((part) => part !== ''))
    .pipe(z.array(item))
}

/** Master keys: 32 bytes in base64 each, newest first. The message never repeats what was given. */
export const base64Keys = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .refine((parts) => parts.every(isKeyText), 'must be 32 bytes in base64 (several: comma-separated, newest first)')
  .transform((parts) => parts.map((part) => Buffer.from(part, 'base64')))

/** The origin people use: http or https, without path, query or credentials. */
export const publicUrl = z
  .string()
  .refine(isOriginUrl, 'must be an http or https URL without path, query or credentials')
  .transform((text) => new URL(text).origin)

/** A connection string for PostgreSQL. */
export const postgresUrl = z.string().refine((text) => {
  return URL.canParse(text) && ['postgres:', 'postgresql:'].includes(new URL(text).protocol)
}, 'must be a postgresql:// URL')

function isOriginUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  const bare = url.pathname === '/' && url.search === '' && url.hash === '' && url.username + url.password === ''
  return bare && (url.protocol === 'https:' || url.protocol === 'http:')
}

function isCidr(text: string): boolean {
  return text.includes('/') ? ipaddr.isValidCIDR(text) : isIP(text) !== 0
}

function isHostAndPort(text: string): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[0-9a-z](?:[0-9a-z.-]{0,251}[0-9a-z])?):(\d{1,5})$/i.exec(text)
  if (match?.[1] === undefined || match[2] === undefined) return false
  const port = Number(match[2])
  return port >= 1 && port <= 65_535
}

function isKeyText(text: string): boolean {
  return /^[A-Za-z0-9+/]{43}=?$/.test(text) && Buffer.from(text, 'base64').length === 32
}

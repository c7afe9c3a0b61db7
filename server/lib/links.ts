import type { Config } from '../config.ts'
import { isLoopback } from './settings.ts'

/** What people's browsers open: the public URL, or where this process listens. No trailing slash. */
export function publicOrigin({ publicUrl, tls, host, port }: Config): string {
  if (publicUrl !== null) return publicUrl
  return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Whether browsers keep a session there: its cookie crosses TLS only, or nothing but this machine. */
export function keepsSessions(origin: string): boolean {
  const { protocol, hostname } = new URL(origin)
  return protocol === 'https:' || isLoopback(hostname.replace(/^\[|\]$/g, ''))
}

/** A token stands behind `#`: it is not sent to any server, so no log on the way holds it. */
export const tokenLink = (config: Config, page: 'setup' | 'set-password', token: string): string =>
  `${publicOrigin(config)}/${page}#token=${token}`

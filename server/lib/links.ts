import type { Config } from '../config.ts'

/** What people's browsers open: the public URL, or where this process listens. No trailing slash. */
export function publicOrigin({ publicUrl, tls, host, port }: Config): string {
  if (publicUrl !== null) return publicUrl
  return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** A token stands behind `#`: it is not sent to any server, so no log on the way holds it. */
export const tokenLink = (config: Config, page: 'setup' | 'set-password', token: string): string =>
  `${publicOrigin(config)}/${page}#token=${token}`

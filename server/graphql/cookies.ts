import type { ServerResponse } from 'node:http'

const NAME = '__Host-aic_session'

/** The session token of a request's cookies; null when there is none. */
export function readSessionCookie(header: string | undefined): string | null {
  for (const pair of (header ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2)
    if (name === NAME && value) return value
  }
  return null
}

/** The `__Host-` prefix binds the cookie to this host and to a secure (or loopback) connection. */
export function sessionCookies(res: ServerResponse) {
  const set = (value: string, expires: Date) =>
    res.appendHeader(
      'set-cookie',
      `${NAME}=${value}; Path=/; Expires=${expires.toUTCString()}; Secure; HttpOnly; SameSite=Lax`,
    )
  return {
    start: (token: string, expiresAt: Date) => {
      set(token, expiresAt)
    },
    end: () => {
      set('', new Date(0))
    },
  }
}

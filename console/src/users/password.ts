import { z } from 'zod'

/** The bounds of a new password; the server has the last word. */
export const newPassword = z.string().min(12, 'At least 12 characters').max(256, 'At most 256 characters')

/**
 * Takes the one-time token out of the address, so that neither the history nor a shared screen keeps it.
 * The fragment never reaches a server or a log in the first place.
 */
export function takeToken(): string {
  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? ''
  if (location.hash !== '') history.replaceState(history.state, '', location.pathname + location.search)
  return token
}

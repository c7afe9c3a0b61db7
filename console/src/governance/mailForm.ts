import { z } from 'zod'
import type { Mail } from './mailDocuments.ts'

export const mailSchema = z
  .object({
    host: z.string().trim().max(255),
    port: z.coerce.number('A port from 1 to 65535').int().min(1, 'From 1 to 65535').max(65_535, 'From 1 to 65535'),
    tls: z.boolean(),
    username: z.string().trim().max(255),
    password: z.string().max(500),
    fromAddress: z.union([z.literal(''), z.email('An email address')]),
  })
  .refine(({ host, fromAddress }) => host === '' || fromAddress !== '', {
    path: ['fromAddress'],
    error: 'Needed to send mail',
  })

export type MailState = z.infer<typeof mailSchema>

export function toState({ host, port, tls, username, fromAddress }: Mail): MailState {
  return { host: host ?? '', port, tls, username: username ?? '', password: '', fromAddress: fromAddress ?? '' }
}

/** An empty password keeps the stored one; without a username there is none. */
export function toInput({ host, port, tls, username, password, fromAddress }: MailState) {
  const kept = password === '' ? {} : { password }
  return {
    host: host || null,
    port: Number(port),
    tls,
    username: username || null,
    fromAddress: fromAddress || null,
    ...(username === '' ? { password: null } : kept),
  }
}

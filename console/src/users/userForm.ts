import { z } from 'zod'

/** The same bounds as the server's, so that most mistakes are told while typing. */
export const userFields = {
  username: z
    .string()
    .trim()
    .min(3, 'At least 3 characters')
    .max(64, 'At most 64 characters')
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9._@-]*$/, 'Letters, digits and . _ - @ only, starting with a letter or digit'),
  displayName: z.string().trim().min(1, 'Enter a name').max(100, 'At most 100 characters'),
  email: z.union([z.literal(''), z.email('Enter an email address, or leave it empty')]),
}

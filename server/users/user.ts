import { z } from 'zod'
import { Role } from '../generated/prisma/enums.ts'
import { name, optionalText } from '../lib/text.ts'
import { newPassword } from './password.ts'
import { seesAll, type Viewer } from './viewer.ts'

/** A person with an account. */
export type User = {
  readonly id: string
  readonly username: string
  readonly displayName: string
  readonly email: string | null
  readonly role: Role
  /** argon2id in PHC form; null until the person has chosen a password. */
  readonly passwordHash: string | null
  readonly active: boolean
  readonly createdAt: Date
  readonly createdById: string | null
  readonly deletedAt: Date | null
  /** Grows by one with every change. */
  readonly version: number
}

const MAX_EMAIL = 254

/** Stored in lower case, so that `Ada` and `ada` are one person. */
export const username = z
  .string()
  .overwrite((text) => text.toLowerCase())
  .pipe(name())

const displayName = name({ min: 1 })

const email = optionalText(MAX_EMAIL).refine(
  (text) => text == null || z.email().safeParse(text).success,
  'must be an e-mail address.',
)

export const newUserSchema = z.object({
  username,
  displayName: displayName.nullish(),
  email,
  role: z.enum(Role).nullish(),
  password: newPassword.nullish(),
})

/** An administrator made without one: at setup, or from the operator's console. */
export const administratorSchema = z.object({
  username,
  displayName: displayName.nullish(),
  email,
  password: newPassword,
})

/** What is left out or, for a value that every user has, null stays as it is. */
export const userEditSchema = z.object({
  displayName: displayName.nullish(),
  email,
  role: z.enum(Role).nullish(),
  active: z.boolean().nullish(),
})

export type NewUserInput = z.input<typeof newUserSchema>
export type UserEdit = z.input<typeof userEditSchema>

/** A user as audit entries name one. */
export const subjectOf = ({ id, username }: Pick<User, 'id' | 'username'>) => ({
  subjectType: 'User',
  subjectId: id,
  subjectName: username,
})

/** What the audit log says about a user. */
export const toFacts = ({ username, displayName, email, role, active }: Omit<User, 'id'>) => ({
  username,
  displayName,
  email,
  role,
  active,
})

/** Email, role and the like: oneself, administrators, auditors. Everybody else sees only who it is. */
export const canSeeDetails = (viewer: Viewer, user: Pick<User, 'id'>): boolean =>
  seesAll(viewer) || viewer.id === user.id

/** Whoever can sign in, if the password is right. */
export const isUsable = (user: Pick<User, 'active' | 'deletedAt'>): boolean => user.active && user.deletedAt === null

import { Prisma } from '../generated/prisma/client.ts'
import type { Problem } from './problems.ts'

/** True when the database refused a row because of the unique constraint or index of this name. */
export function isViolationOf(error: unknown, constraint: string): boolean {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError) || error.code !== 'P2002') return false
  // Prisma names the columns; only PostgreSQL's own message names the index, which tells two indexes apart.
  return JSON.stringify(error.meta ?? {}).includes(`\\"${constraint}\\"`)
}

/** For `.catch`: throws this problem where the database refused a row because of the constraint of this name. */
export const violationOf =
  (constraint: string, toProblem: () => Problem) =>
  (error: unknown): never => {
    throw isViolationOf(error, constraint) ? toProblem() : error
  }

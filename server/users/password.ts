import { argon2, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Random } from '../lib/random.ts'
import { createSlots, SlotsTaken } from '../lib/slots.ts'
import { countCharacters } from '../lib/text.ts'
import { TooManyAttempts } from './problems.ts'

const MIN = 12
const MAX = 256

// OWASP's second choice for argon2id: 19 MiB, 2 passes, 1 lane.
const COST = { memory: 19_456, passes: 2, parallelism: 1 } as const
const SALT_BYTES = 16
const TAG_BYTES = 32

/**
 * Hashing is the one thing a stranger can make this process compute. Two at a time take 38 MiB and leave threads for
 * everything else; a longer queue than this would make people wait more than a few seconds.
 */
const slots = createSlots({ concurrent: 2, waiting: 200 })
const BUSY_SECONDS = 5

/** Of no password: what an unknown user is compared with, so that it takes as long as a known one. */
export const NOBODYS_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdCEhIQ$BdPPSf4GdWeOtocPOeQ5PNbJqYcyMrT8FMShWDC/z2k'

/** One text whatever the keyboard sends for an accented letter. */
const normalise = (password: string) => password.normalize('NFC')

const isMonotonous = (password: string) => new Set(password).size < 4

/** Length is what counts; no rules about kinds of characters. */
export const newPassword = z
  .string()
  .overwrite(normalise)
  .superRefine((password, context) => {
    const refuse = (message: string) => context.addIssue({ code: 'custom', message })
    const length = password.length > 2 * MAX ? password.length : countCharacters(password)
    if (length < MIN) refuse(`must have ${MIN} characters or more.`)
    else if (length > MAX) refuse(`must have ${MAX} characters or fewer.`)
    else if (isMonotonous(password)) refuse('must have more different characters.')
    if (!password.isWellFormed()) refuse('must not contain half a character.')
  })

type Cost = { readonly memory: number; readonly passes: number; readonly parallelism: number }

const derive = (password: string, nonce: Uint8Array, tagLength: number, cost: Cost) =>
  new Promise<Buffer>((resolve, reject) => {
    argon2('argon2id', { message: normalise(password), nonce, tagLength, ...cost }, (error, tag) =>
      error ? reject(error) : resolve(tag),
    )
  })

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64').replace(/=+$/, '')

/** Runs work that hashes when there is room for it; `TooManyAttempts` when the queue is full. */
export async function whenThereIsRoom<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await slots.run(work)
  } catch (error) {
    throw error instanceof SlotsTaken ? new TooManyAttempts(BUSY_SECONDS) : error
  }
}

/** argon2id in PHC form, with a fresh salt. Throws `TooManyAttempts` when too much is being hashed. */
export async function hashPassword(random: Random, password: string): Promise<string> {
  const salt = random.bytes(SALT_BYTES)
  const tag = await whenThereIsRoom(() => derive(password, salt, TAG_BYTES, COST))
  return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${base64(salt)}$${base64(tag)}`
}

const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

/** Compares in constant time, with the cost the hash was made with. Call it inside `whenThereIsRoom`. */
export async function isPasswordRight(hash: string, password: string): Promise<boolean> {
  const [, memory, passes, parallelism, salt, tag] = PHC.exec(hash) ?? []
  if (salt === undefined || tag === undefined) throw new Error('a stored password hash cannot be read')
  const expected = Buffer.from(tag, 'base64')
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
  const given = await derive(password, Buffer.from(salt, 'base64'), expected.length, cost)
  return timingSafeEqual(given, expected)
}

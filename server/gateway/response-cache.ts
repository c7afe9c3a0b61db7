import { LRUCache } from 'lru-cache'
import type { Change } from '../lib/changes.ts'

/** A whole answer, as a caller got it but for what was about that one request. */
export type KeptAnswer = {
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body: Buffer
  readonly ownerId: string
  readonly model: string | null
  /** What it took of tokens; 0 when nobody knows. */
  readonly tokens: number
  /** Milliseconds of the monotonic clock. */
  readonly keptAt: number
}

/** Where an answer belongs, and for how long it may be given again (s). */
export type Place = { readonly name: string; readonly ownerId: string; readonly seconds: number }

const PURGED = 'ResponseCache'

const MAX_ANSWER_BYTES = 1024 * 1024
/** About what an entry takes besides its body. */
const ENTRY_BYTES = 2_048

/**
 * Answers that may be given again, in this process's memory alone: the oldest unused ones go when there is no room.
 * A purge empties it on every node before it is answered.
 */
export class ResponseCache {
  readonly #answers: LRUCache<string, KeptAnswer> | null

  /** `maxBytes` 0: nothing is ever kept. */
  constructor(maxBytes: number) {
    const sizeCalculation = ({ body }: KeptAnswer) => body.length + ENTRY_BYTES
    const maxSize = Math.max(1, maxBytes)
    this.#answers = maxBytes === 0 ? null : new LRUCache({ maxSize, maxEntrySize: MAX_ANSWER_BYTES, sizeCalculation })
  }

  find({ name, seconds }: Place): KeptAnswer | null {
    const answer = this.#answers?.get(name)
    // The time may have been shortened since it was kept.
    return answer && performance.now() - answer.keptAt < seconds * 1000 ? answer : null
  }

  keep({ name, seconds }: Place, answer: KeptAnswer): void {
    this.#answers?.set(name, answer, { ttl: seconds * 1000 })
  }

  /** False for what would not be kept anyhow. */
  takes(bytes: number): boolean {
    return this.#answers !== null && bytes <= MAX_ANSWER_BYTES
  }

  follow(changes: readonly Change[]): void {
    for (const { subjectType, subjectId } of changes) {
      if (subjectType !== PURGED) continue
      for (const [name, { ownerId }] of this.#answers?.entries() ?? []) {
        if (subjectId === null || subjectId === ownerId) this.#answers?.delete(name)
      }
    }
  }
}

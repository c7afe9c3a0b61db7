import type pg from 'pg'
import type { Db } from './db.ts'
import type { Logger } from './log.ts'

type Listener = (words: readonly string[]) => void

/**
 * Words from whichever process to all of them, of every node, itself included. They may be lost, so nothing depends on
 * them but how soon somebody sees something; what must not be lost is a change (`changes.ts`).
 */
export type Signals = {
  publish(channel: string, words: readonly string[]): void
  /** Until the answered function is called, or the signals are closed. */
  listen(channel: string, listener: Listener, closed: () => void): () => void
  /** Tells every listener that there will be no more. */
  close(): void
}

type Needs = { readonly db: Pick<Db, 'pool'>; readonly log: Logger }

type Ear = { readonly channel: string; readonly listener: Listener; readonly closed: () => void }

// PostgreSQL takes less than 8000 bytes at once: these are about 160 ids.
const MAX_WORDS = 160
const PUBLISH = `SELECT pg_notify('aic_signals', message) FROM unnest($1::text[]) AS message`
const RETRY_MS = 1_000

export const createSignals = (needs: Needs): Signals => new SignalBoard(needs)

class SignalBoard implements Signals {
  readonly #needs: Needs
  readonly #ears = new Set<Ear>()
  #client: pg.PoolClient | null = null
  #connecting = false
  #closed = false

  constructor(needs: Needs) {
    this.#needs = needs
  }

  publish(channel: string, words: readonly string[]): void {
    if (words.length === 0) return
    const messages: string[] = []
    for (let at = 0; at < words.length; at += MAX_WORDS) {
      messages.push(JSON.stringify([channel, ...words.slice(at, at + MAX_WORDS)]))
    }
    const { db, log } = this.#needs
    db.pool.query(PUBLISH, [messages]).catch((error: unknown) => log.debug({ err: error }, 'a signal was lost'))
  }

  listen(channel: string, listener: Listener, closed: () => void): () => void {
    const ear = { channel, listener, closed }
    this.#ears.add(ear)
    if (this.#closed) closed()
    else void this.#connect()
    return () => {
      this.#ears.delete(ear)
      if (this.#ears.size === 0) this.#disconnect()
    }
  }

  close(): void {
    this.#closed = true
    for (const { closed } of [...this.#ears]) closed()
    this.#disconnect()
  }

  #hear(channel: string, words: readonly string[]): void {
    for (const ear of this.#ears) if (ear.channel === channel) ear.listener(words)
  }

  /** A connection of its own only while somebody listens. */
  async #connect(): Promise<void> {
    if (this.#client || this.#connecting || this.#closed || this.#ears.size === 0) return
    this.#connecting = true
    const { db, log } = this.#needs
    try {
      const client = await db.pool.connect()
      this.#client = client
      client.on('notification', ({ payload }) => this.#take(payload ?? ''))
      client.on('error', () => this.#lost(client))
      client.on('end', () => this.#lost(client))
      await client.query('LISTEN aic_signals')
    } catch (error) {
      log.debug({ err: error }, 'signals of other nodes are not heard; trying again')
      if (this.#client) this.#lost(this.#client)
      else this.#again()
    } finally {
      this.#connecting = false
      if (this.#closed || this.#ears.size === 0) this.#disconnect()
    }
  }

  #take(payload: string): void {
    const [channel = '', ...words]: string[] = JSON.parse(payload)
    this.#hear(channel, words)
  }

  #lost(client: pg.PoolClient): void {
    if (this.#client !== client) return
    this.#disconnect()
    this.#again()
  }

  #again(): void {
    setTimeout(() => void this.#connect(), RETRY_MS).unref()
  }

  #disconnect(): void {
    const client = this.#client
    this.#client = null
    client?.release(true)
  }
}

import { describe, expect, it, vi } from 'vitest'
import { UNRESTRICTED } from '../keys/restriction.ts'
import type { SecretRow } from './directory.store.ts'
import { KeyCache, TooManyLookups } from './directory.ts'

const row = (version: number, set: Partial<SecretRow['key']> = {}, publicId = 'aaaaaaaaaaaa'): SecretRow => ({
  id: 's',
  publicId,
  secretHash: new Uint8Array(32),
  pepperVersion: 1,
  expiresAt: null,
  key: {
    id: 'k',
    ownerId: 'o',
    providerId: 'p',
    version,
    createdAt: 0,
    expiresAt: null,
    deleted: false,
    pending: false,
    restriction: UNRESTRICTED,
    cacheSeconds: null,
    ...set,
  },
})

/** A database whose answers come when the test says so. */
function slowReader() {
  const waiting: ((row: SecretRow | null) => void)[] = []
  const read = vi.fn(() => new Promise<SecretRow | null>((resolve) => waiting.push(resolve)))
  return { read, answer: (found: SecretRow | null) => waiting.shift()?.(found) }
}

describe('the keys in memory', () => {
  it('are looked up once, however many ask at once', async () => {
    const { read, answer } = slowReader()
    const cache = new KeyCache(read)
    const asked = Array.from({ length: 50 }, () => cache.find('aaaaaaaaaaaa'))
    answer(row(1))
    expect(new Set(await Promise.all(asked)).size).toBe(1)
    expect(read).toHaveBeenCalledTimes(1)
    expect(cache.peek('aaaaaaaaaaaa')?.key.version).toBe(1)
  })

  it('are not overwritten by the late answer of a look-up that began before a change', async () => {
    const { read, answer } = slowReader()
    const cache = new KeyCache(read)
    const asked = cache.find('aaaaaaaaaaaa')
    cache.forget(['k'])
    cache.set([row(2, { deleted: true })])
    answer(row(1))
    await vi.waitFor(() => expect(read).toHaveBeenCalledTimes(2))
    answer(row(2, { deleted: true }))
    expect((await asked)?.key.deleted).toBe(true)
    expect(cache.peek('aaaaaaaaaaaa')?.key.deleted).toBe(true)
  })

  it('never go back to an older version, in whatever order messages come', () => {
    const cache = new KeyCache(async () => null)
    cache.set([row(3, { deleted: true })])
    cache.set([row(2)])
    expect(cache.peek('aaaaaaaaaaaa')?.key).toMatchObject({ version: 3, deleted: true })
  })

  it('forget all secrets of a changed key, also one that is no longer stored', () => {
    const cache = new KeyCache(async () => null)
    cache.set([row(1), row(1, {}, 'bbbbbbbbbbbb')])
    expect(cache.forget(['k', 'never used'])).toEqual(['k'])
    cache.set([row(2, {}, 'bbbbbbbbbbbb')])
    expect(cache.peek('aaaaaaaaaaaa')).toBe(undefined)
    expect(cache.peek('bbbbbbbbbbbb')?.key.version).toBe(2)
  })

  it('that are unknown are remembered as such until something changes', async () => {
    const cache = new KeyCache(async () => null)
    await cache.find('aaaaaaaaaaaa')
    expect(cache.peek('aaaaaaaaaaaa')).toBe(null)
    cache.forget(['another'])
    expect(cache.peek('aaaaaaaaaaaa')).toBe(undefined)
  })

  it('stay within their bound', () => {
    const cache = new KeyCache(async () => null, 10)
    for (let index = 0; index < 100; index++) cache.set([row(1, { id: `k${index}` }, `id${index}`)])
    expect(cache.peek('id0')).toBe(undefined)
    expect(cache.peek('id99')).toBeTruthy()
  })

  it('are not known when the database fails, and asked for again', async () => {
    let fails = true
    const cache = new KeyCache(async () => {
      if (fails) throw new Error('away')
      return row(1)
    })
    await expect(cache.find('aaaaaaaaaaaa')).rejects.toThrow('away')
    expect(cache.peek('aaaaaaaaaaaa')).toBe(undefined)
    fails = false
    expect((await cache.find('aaaaaaaaaaaa'))?.key.version).toBe(1)
  })

  it('cannot be guessed at with all of the database', async () => {
    const { read } = slowReader()
    const cache = new KeyCache(read)
    for (let index = 0; index < 256; index++) void cache.find(`id${index}`)
    await expect(cache.find('one more')).rejects.toThrow(TooManyLookups)
  })
})

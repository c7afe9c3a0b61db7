import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readConfig } from './config.ts'
import { StartFailure } from './lib/exit.ts'
import { CERTIFICATE, CERTIFICATE_KEY } from './test/certificate.ts'

const directory = mkdtempSync(join(tmpdir(), 'aic-config-'))
afterAll(() => rmSync(directory, { recursive: true }))

const KEY = Buffer.alloc(32, 7).toString('base64')

function write(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

function refusal(environment: Record<string, string>): string {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof StartFailure) return `${error.exitCode} ${error.message}`
    throw error
  }
  return 'accepted'
}

describe('the configuration', () => {
  test('needs nothing to be set', () => {
    const config = readConfig({})
    expect(config).toMatchObject({ host: '127.0.0.1', port: 9090, publicUrl: null, tls: null, databaseUrl: null })
    expect(config).toMatchObject({ stalenessMs: 30_000, drainMs: 30_000, maxBodyBytes: 10 * 1024 * 1024 })
    expect(config).toMatchObject({ journalSync: 'group', logLevel: 'info', masterKeys: [], loopbackUpstreams: false })
  })

  test('names every error at once and ends with 64', () => {
    const message = refusal({
      AIC_PORT: '99999',
      AIC_HOST: 'example.com',
      AIC_JOURNAL_SYNC: 'sometimes',
      AIC_TRUSTED_PROXIES: '10.0.0.0/8, nonsense',
      AIC_PUBLIC_URL: 'ftp://x',
      DATABASE_URL: 'mysql://x',
    })
    expect(message).toMatch(/^64 /)
    for (const name of ['PORT', 'HOST', 'JOURNAL_SYNC', 'TRUSTED_PROXIES', 'PUBLIC_URL']) {
      expect(message).toContain(`AIC_${name} must`)
    }
    expect(message).toContain('DATABASE_URL must')
    expect(message).toContain('AIC_MASTER_KEY is required with DATABASE_URL')
  })

  test('reads a value from the file that NAME_FILE names, without its last line break', () => {
    const config = readConfig({ AIC_MASTER_KEY_FILE: write('key', `${KEY}\n`), AIC_PORT_FILE: write('port', '8080\n') })
    expect(config.masterKeys).toEqual([Buffer.alloc(32, 7)])
    expect(config.port).toBe(8080)
  })

  test('refuses NAME and NAME_FILE together, and a file that is not there or empty', () => {
    expect(refusal({ AIC_PORT: '1', AIC_PORT_FILE: '/x' })).toContain('AIC_PORT and AIC_PORT_FILE are both set')
    expect(refusal({ AIC_PORT_FILE: join(directory, 'none') })).toContain('AIC_PORT_FILE names a file that cannot')
    expect(refusal({ AIC_PORT_FILE: write('empty', '\n') })).toContain('AIC_PORT_FILE names an empty file')
  })

  test('takes an empty value for one that is not set', () => {
    expect(readConfig({ AIC_PORT: '', DATABASE_URL: '' }).port).toBe(9090)
  })

  test('lets no network reach it without TLS or a public URL', () => {
    expect(refusal({ AIC_HOST: '0.0.0.0' })).toContain('AIC_HOST is not a loopback address')
    expect(refusal({ AIC_HOST: '::' })).toContain('AIC_HOST is not a loopback address')
    expect(refusal({ AIC_HOST: '0.0.0.0', AIC_PUBLIC_URL: 'https://ai.example.com/' })).toBe('accepted')
    expect(readConfig({ AIC_PUBLIC_URL: 'https://AI.example.com/' }).publicUrl).toBe('https://ai.example.com')
    expect(refusal({ AIC_HOST: '::1' })).toBe('accepted')
  })

  test('needs certificate and key together, as text or path', () => {
    const [cert, key] = [CERTIFICATE, CERTIFICATE_KEY]
    expect(refusal({ AIC_TLS_CERT: cert })).toContain('must be set together')
    const config = readConfig({ AIC_HOST: '0.0.0.0', AIC_TLS_CERT: cert, AIC_TLS_KEY: write('key.pem', key) })
    expect(config.tls).toEqual({ cert, key })
    expect(refusal({ AIC_TLS_CERT: cert, AIC_TLS_KEY: '/nowhere' })).toContain('AIC_TLS_KEY is neither')
  })

  test('refuses what is no certificate, and a key that is not its own', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const format = { format: 'pem', type: 'pkcs8' } as const
    const locked = createPrivateKey(CERTIFICATE_KEY).export({ ...format, cipher: 'aes-128-cbc', passphrase: 'x' })
    for (const [cert, key] of [
      [CERTIFICATE, privateKey.export(format)],
      [CERTIFICATE, locked],
      [CERTIFICATE_KEY, CERTIFICATE_KEY],
      ['-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n', CERTIFICATE_KEY],
    ] as const) {
      const message = refusal({ AIC_TLS_CERT: cert, AIC_TLS_KEY: key.toString(), AIC_PORT: 'x' })
      expect(message).toMatch(/^64 /)
      expect(message).toContain('AIC_TLS_CERT and AIC_TLS_KEY are not a certificate and its key')
      expect(message).toContain('AIC_PORT must')
    }
  })

  test('takes no credentials in the public URL', () => {
    for (const url of ['https://user@x.example', 'https://:password@x.example', 'https://x.example/path']) {
      expect(refusal({ AIC_PUBLIC_URL: url })).toMatch(/^64 [\s\S]*AIC_PUBLIC_URL must/)
    }
  })

  test('needs a master key with a database of its own, and repeats no wrong one', () => {
    const DATABASE_URL = 'postgresql://u:p@h/d'
    expect(refusal({ DATABASE_URL })).toContain('AIC_MASTER_KEY is required')
    const message = refusal({ DATABASE_URL, AIC_MASTER_KEY: 'not-a-key-but-secret' })
    expect(message).toContain('AIC_MASTER_KEY must be 32 bytes')
    expect(message).not.toContain('not-a-key-but-secret')
    expect(readConfig({ AIC_MASTER_KEY: `${KEY}, ${KEY}` }).masterKeys).toHaveLength(2)
  })
})

import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createLog } from './log.ts'

const KEY = `aic_Public000001${'S'.repeat(32)}CRC32x`
const TOKEN = `aicp_Public000002${'T'.repeat(32)}CRC32x`

function logged(write: (log: ReturnType<typeof createLog>) => void): string {
  const stream = new PassThrough()
  write(createLog('info', stream))
  return String(stream.read())
}

describe('a log line', () => {
  test('is JSON with level, time and message', () => {
    const line = JSON.parse(logged((log) => log.info({ port: 1 }, 'ready')))
    expect(line).toMatchObject({ level: 'info', msg: 'ready', port: 1, time: expect.stringMatching(/^\d{4}-.*Z$/) })
  })

  test('holds no secret under a telling name', () => {
    const secret = 'hunter2-hunter2'
    const line = logged((log) =>
      log.info({
        password: secret,
        headers: { authorization: secret, 'x-api-key': secret },
        a: { b: { token: secret } },
      }),
    )
    expect(line).not.toContain(secret)
  })

  test('keeps the public id of a key that is in a text, and nothing else of it', () => {
    const line = logged((log) => log.error({ err: new Error(`refused ${KEY} and ${TOKEN}`), url: `/x?k=${KEY}` }, KEY))
    expect(line).not.toContain('SSSS')
    expect(line).not.toContain('TTTT')
    expect(line).toContain('aic_Public000001[secret]')
    expect(line).toContain('aicp_Public000002[secret]')
  })

  test('says of an error what it is, and nothing that hangs on it', () => {
    const error = Object.assign(new Error('lost', { cause: new Error('reset') }), {
      code: '57P01',
      client: { pass: 'hunter2' },
    })
    const line = logged((log) => log.warn({ err: error }, 'database'))
    expect(JSON.parse(line).err).toMatchObject({
      type: 'Error',
      message: 'lost',
      code: '57P01',
      cause: { message: 'reset' },
    })
    expect(line).not.toContain('hunter2')
  })

  test('holds neither bearer tokens of others nor passwords of URLs', () => {
    const line = logged((log) => log.info('Authorization: Bearer sk-live-123456789 at postgres://me:hunter2@db/x'))
    expect(line).not.toContain('sk-live')
    expect(line).not.toContain('hunter2')
  })
})

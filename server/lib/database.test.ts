import { expect, it } from 'vitest'
import { readConfig } from '../config.ts'
import { testDb } from '../test/database.ts'
import { stallingWay } from '../test/stalling-database.ts'
import { openDatabase } from './database.ts'
import { createLog } from './log.ts'

const db = await testDb()
const log = createLog('silent')
const configOf = (url: string) => readConfig({ DATABASE_URL: url, AIC_MASTER_KEY: Buffer.alloc(32).toString('base64') })
const urlBy = (host: string) => `postgresql://postgres@localhost/${db.connection.database}?host=${host}`

it('a database that may not be written to is no start, and the operator is told why', async () => {
  const replica = `${db.url}&options=${encodeURIComponent('-c default_transaction_read_only=on')}`
  await expect(openDatabase(configOf(replica), log)).rejects.toMatchObject({
    exitCode: 69,
    message: expect.stringContaining('The database cannot be used: cannot execute'),
  })
})

it('a database that stands still is let go of, whoever waits for it', async () => {
  const way = await stallingWay(db)
  const database = await openDatabase(configOf(urlBy(way.connection.host)), log)
  const client = await database.pool.connect()
  way.stall()
  client.query('SELECT 1').catch(() => client.release(true))
  await database.close()
})

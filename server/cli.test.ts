import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { testDb } from './test/database.ts'

const db = await testDb()
const AIC_MASTER_KEY = Buffer.alloc(32).toString('base64')

/** What a program of ours prints, and the code it ends with. */
async function run(program: string, args: readonly string[], input = '') {
  const env = { DATABASE_URL: db.url, AIC_MASTER_KEY }
  const child = spawn(process.execPath, [fileURLToPath(new URL(program, import.meta.url)), ...args], { env })
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.stdin.end(input)
  const [said, failed] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { said, failed, code: await ended }
}

it('an administrator is made at the console, once, and everything is found in order', async () => {
  const password = 'correct horse battery staple\n'
  expect(await run('cli.ts', ['create-admin', 'ada'], password)).toMatchObject({
    said: 'ada is an administrator.\n',
    code: 0,
  })
  const again = await run('cli.ts', ['create-admin', 'ada'], password)
  expect(again).toEqual({ said: '', failed: 'Another user has this name already.\n', code: 1 })
  expect(await run('cli.ts', ['doctor'])).toMatchObject({
    said: expect.stringContaining('is whole'),
    failed: '',
    code: 0,
  })
})

it('a small world is not put where people are at work', async () => {
  const refused = await run('../prisma/seed.ts', [])
  expect(refused).toEqual({ said: '', failed: 'This installation is not empty.\n', code: 1 })
})

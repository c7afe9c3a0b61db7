// What is tested is that another process holds the directory: a program of our own by its constant path, without a shell;
// its one argument is a folder that this test made.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, expect, test } from 'vitest'
import { lockDataDir } from '../data-dir.ts'
import { openDb } from '../db.ts'
import { createLog } from '../log.ts'
import { startEmbedded } from './embedded.ts'
import { readPid } from './leftover.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'aic-embedded-'))
chmodSync(dataDir, 0o711)
const log = createLog('silent')
const children: ChildProcess[] = []

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

/** Another process that holds the data directory, runs the database in it and says so. */
async function startElsewhere(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [new URL('../../test/hold-database.ts', import.meta.url).pathname, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  await once(child.stdout, 'data')
  return child
}

async function write(value: number): Promise<readonly number[]> {
  const lock = lockDataDir(dataDir)
  const embedded = await startEmbedded({ dataDir, log })
  const db = openDb(embedded.connection, log)
  await db.pool.query('CREATE TABLE IF NOT EXISTS seen (value int)')
  await db.pool.query('INSERT INTO seen VALUES ($1)', [value])
  const { rows } = await db.pool.query<{ value: number }>('SELECT value FROM seen ORDER BY value')
  await db.close()
  await embedded.stop()
  lock.release()
  return rows.map((row) => row.value)
}

function postmasterPid(): number {
  return readPid(join(dataDir, 'pg/postmaster.pid')) ?? 0
}

function postgresProcesses(): readonly number[] {
  const cluster = join(dataDir, 'pg')
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => linkOf(`/proc/${pid}/cwd`) === cluster)
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null
  }
}

test('keeps what was written, from one start to the next', async () => {
  expect(await write(1)).toEqual([1])
  expect(await write(2)).toEqual([1, 2])
})

test('is refused to a second process while the first one lives', async () => {
  await startElsewhere()
  expect(() => lockDataDir(dataDir)).toThrow('Another process uses the data directory')
})

test('opens again after the process was killed', async () => {
  const child = await startElsewhere()
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await write(3)).toEqual([1, 2, 3])
})

test('opens again after the process and every PostgreSQL process were killed', async () => {
  const child = await startElsewhere()
  child.kill('SIGKILL')
  for (const pid of postgresProcesses()) process.kill(pid, 'SIGKILL')
  expect(await write(4)).toEqual([1, 2, 3, 4])
})

test('comes back by itself when PostgreSQL dies under it', async () => {
  const lock = lockDataDir(dataDir)
  const embedded = await startEmbedded({ dataDir, log })
  const db = openDb(embedded.connection, log)
  await db.pool.query('SELECT 1')
  const killed = postmasterPid()
  process.kill(killed, 'SIGKILL')
  while (postmasterPid() === killed || postmasterPid() === 0) await sleep(20)
  const ask = () => db.pool.query('SELECT count(*) FROM seen').catch(() => null)
  let answer = await ask()
  while (answer === null) answer = await ask()
  expect(answer.rows).toEqual([{ count: '4' }])
  await db.close()
  await embedded.stop()
  lock.release()
  expect(postgresProcesses()).toEqual([])
})

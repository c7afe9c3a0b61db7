import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT, StartFailure } from './exit.ts'
import type { Random } from './random.ts'

const FILE = 'master.key'

/** The data directory's own master key, made on first use: 32 bytes in base64, readable for its owner only. */
export function dataDirMasterKey(dataDir: string, random: Random): Buffer {
  const path = join(dataDir, FILE)
  const text = readKey(path) ?? makeKey(path, random)
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== 32) throw new StartFailure(EXIT.wrongMasterKey, `${path} does not hold a master key`)
  return key
}

function readKey(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

// Everything sealed is lost with this file: it is on the disk before its name is, and an existing one always wins.
function makeKey(path: string, random: Random): string {
  const draft = `${path}.${random.bytes(6).toString('hex')}`
  const file = openSync(draft, 'wx', 0o600)
  writeSync(file, `${random.bytes(32).toString('base64')}\n`)
  fsyncSync(file)
  closeSync(file)
  try {
    linkSync(draft, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    rmSync(draft, { force: true })
  }
  syncDirectory(path)
  return readFileSync(path, 'utf8')
}

function syncDirectory(path: string): void {
  const directory = openSync(join(path, '..'), 'r')
  fsyncSync(directory)
  closeSync(directory)
}

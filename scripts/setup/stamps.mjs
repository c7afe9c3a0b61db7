// Remembers what was made from which files, so that a second start does nothing twice.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ROOT } from './tools.mjs'

const STAMPS = join(ROOT, '.tools/stamps')
const NOT_SOURCES = new Set(['node_modules', 'dist', 'generated'])

/** Runs `make` unless it succeeded before with the same content of `inputs` and its `outputs` are there. */
export function once(name, { inputs, outputs, make }) {
  const stamp = join(STAMPS, name)
  const hash = hashOf(inputs)
  if (readStamp(stamp) === hash && outputs.every((path) => existsSync(join(ROOT, path)))) return
  rmSync(stamp, { force: true })
  make()
  // Written last and in one step: an interrupted run leaves none, and the next one makes it again.
  mkdirSync(STAMPS, { recursive: true })
  writeFileSync(`${stamp}.new`, hash)
  renameSync(`${stamp}.new`, stamp)
}

function readStamp(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : null
}

function hashOf(inputs) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${ROOT}`)
  for (const path of inputs.flatMap((input) => filesOf(join(ROOT, input))).sort()) {
    hash.update(`\0${relative(ROOT, path)}\0`).update(readFileSync(path))
  }
  return hash.digest('hex')
}

function filesOf(path) {
  const entries = readEntries(path)
  if (entries === null) return existsSync(path) ? [path] : []
  return entries
    .filter((entry) => !NOT_SOURCES.has(entry.name))
    .flatMap((entry) => (entry.isSymbolicLink() ? [] : filesOf(join(path, entry.name))))
}

function readEntries(path) {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch {
    return null
  }
}

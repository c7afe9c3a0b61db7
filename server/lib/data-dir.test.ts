import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { lockDataDir } from './data-dir.ts'
import { EXIT } from './exit.ts'

const directory = mkdtempSync(join(tmpdir(), 'aic-data-dir-'))
afterAll(() => rmSync(directory, { recursive: true }))

test('a place that cannot be a data directory is a bad configuration', () => {
  const [file, occupied] = [join(directory, 'file'), join(directory, 'occupied')]
  writeFileSync(file, '')
  mkdirSync(join(occupied, 'owner.lock'), { recursive: true })
  for (const place of [file, join(file, 'below'), occupied, '/proc/below/it']) {
    expect(() => lockDataDir(place)).toThrow(expect.objectContaining({ exitCode: EXIT.badConfiguration }))
  }
})

test('a data directory is made with all that it lies in', () => {
  const place = join(directory, 'some', 'where')
  lockDataDir(place).release()
  expect(statSync(place).isDirectory()).toBe(true)
})

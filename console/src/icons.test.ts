import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const folder = import.meta.dirname
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(vue|ts)$/.test(name))
const used = new Set(
  sources.flatMap((name) => readFileSync(join(folder, name), 'utf8').match(/\bi-lucide-[a-z0-9-]+/g) ?? []),
)
const path = createRequire(import.meta.url).resolve('@iconify-json/lucide/icons.json')
const collection: { icons: object; aliases?: object } = JSON.parse(readFileSync(path, 'utf8'))

test('every icon is in the bundled collection, so that none is ever fetched from another host', () => {
  const known = new Set([...Object.keys(collection.icons), ...Object.keys(collection.aliases ?? {})])
  expect([...used].filter((name) => !known.has(name.replace('i-lucide-', '')))).toEqual([])
  expect(used.size).toBeGreaterThan(40)
})

test('no source names an icon by putting its name together, which the bundler could not see', () => {
  const joined = sources.filter((name) => /i-lucide-\$\{|'i-lucide-' \+/.test(readFileSync(join(folder, name), 'utf8')))
  expect(joined.filter((name) => name !== 'icons.test.ts')).toEqual([])
})

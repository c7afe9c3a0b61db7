import { afterEach, beforeEach, expect } from 'vitest'

const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const

let printed: string[] = []
const originals = new Map<(typeof METHODS)[number], (...args: unknown[]) => void>()

// A test that prints hides a warning somebody should act on: it fails.
beforeEach(() => {
  printed = []
  for (const method of METHODS) {
    originals.set(method, globalThis.console[method])
    globalThis.console[method] = (...args) => printed.push(`console.${method}: ${args.map(String).join(' ')}`)
  }
})

afterEach(() => {
  for (const [method, original] of originals) globalThis.console[method] = original
  expect(printed, 'a test printed to the console').toEqual([])
})

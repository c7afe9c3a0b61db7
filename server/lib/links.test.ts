import { expect, it } from 'vitest'
import { keepsSessions } from './links.ts'

it.each(['https://aic.example', 'http://127.0.0.1:9090', 'http://localhost:9090', 'http://[::1]:9090'])(
  'browsers keep a session at %s',
  (origin) => {
    expect(keepsSessions(origin)).toBe(true)
  },
)

it.each(['http://aic.example', 'http://10.0.0.5:9090', 'http://localhost.example'])('and none at %s', (origin) => {
  expect(keepsSessions(origin)).toBe(false)
})

import { expect, test } from 'vitest'
import { hostCheck } from './hosts.ts'

const isOurs = hostCheck({ publicUrl: 'https://aic.example', tls: null })

test.each(['aic.example', 'AIC.example', 'aic.example:443', 'aic.example:9090', 'localhost:5173', '[::1]:9090'])(
  '%s is this server, whatever port was forwarded to it',
  (host) => {
    expect(isOurs(host)).toBe(true)
  },
)

test.each(['evil.example', 'aic.example.evil.example', 'aic.example@evil.example', 'aic.example:x', '10.0.0.1', ''])(
  '"%s" is not',
  (host) => {
    expect(isOurs(host)).toBe(false)
  },
)

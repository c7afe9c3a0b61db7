import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { clientAddress, readRange, readRanges, writeRange } from './address.ts'

function from(remoteAddress: string, forwardedFor?: string): IncomingMessage {
  const socket = new Socket()
  Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress })
  const req = new IncomingMessage(socket)
  if (forwardedFor !== undefined) req.headers['x-forwarded-for'] = forwardedFor
  return req
}

describe('the address of a caller', () => {
  const trusted = readRanges(['10.0.0.0/8', '192.0.2.1'])

  test.each([
    ['the connection', '198.51.100.7', undefined, '198.51.100.7'],
    ['the connection, unwrapped', '::ffff:198.51.100.7', undefined, '198.51.100.7'],
    ['the connection, whatever a stranger writes', '198.51.100.7', '203.0.113.1', '198.51.100.7'],
    ['what a trusted proxy wrote', '10.0.0.1', '203.0.113.1', '203.0.113.1'],
    ['what the outermost of trusted proxies wrote', '10.0.0.1', '6.6.6.6, 203.0.113.1, 192.0.2.1', '203.0.113.1'],
    ['the last one that can be read', '10.0.0.1', '203.0.113.1, nonsense', '10.0.0.1'],
    ['nothing that only some read as an address', '10.0.0.1', '3405803783', '10.0.0.1'],
    ['without the port that a proxy wrote', '10.0.0.1', '203.0.113.1:50000', '203.0.113.1'],
    ['without the brackets that a proxy wrote', '10.0.0.1', '[2001:db8::1]:443, 192.0.2.1', '2001:db8::1'],
  ])('is %s', (_what, remote, forwarded, expected) => {
    expect(clientAddress(from(remote, forwarded), trusted)).toBe(expected)
  })

  test('is the connection’s when nobody is trusted', () => {
    expect(clientAddress(from('10.0.0.1', '203.0.113.1'), [])).toBe('10.0.0.1')
  })
})

test.each([
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['192.0.2.1', '192.0.2.1/32'],
  ['::1', '::1/128'],
  ['2001:DB8::5/32', '2001:db8::/32'],
  ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
])('the network %s is written %s', (text, expected) => {
  const range = readRange(text)
  expect(range && writeRange(range)).toBe(expected)
})

test.each(['', '10', '10.0.0.0/33', '10.0.0/8', '0x7f.0.0.1', 'localhost', '::/129'])('%j is no network', (text) => {
  expect(readRange(text)).toBeNull()
})

import { describe, expect, it } from 'vitest'
import { readTarget, refuseAddress, type UrlPolicy, UrlRefused } from './url-policy.ts'

const strict: UrlPolicy = {
  privateUpstreams: [],
  loopback: false,
  ownPorts: () => [9090],
  ownAddresses: () => ['10.0.0.5', '::ffff:10.0.0.5'],
}
const listing = (...privateUpstreams: string[]): UrlPolicy => ({ ...strict, privateUpstreams })
const looping: UrlPolicy = { ...strict, loopback: true }

const https = { scheme: 'https', host: 'llm.example', port: 443 } as const
const http = { scheme: 'http', host: 'llm.example', port: 80 } as const

describe('an address', () => {
  it.each(['93.184.216.34', '8.8.8.8', '2606:4700::1111', '2a00:1450:4001::8a', '64:ff9b::808:808', '2002:808:808::1'])(
    '%s is public and allowed with https',
    (address) => {
      expect(refuseAddress(strict, https, address)).toBe(null)
      expect(refuseAddress(strict, http, address)).toMatch('https')
    },
  )

  it.each([
    '127.0.0.1',
    '127.8.9.10',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::7f00:1',
    '2002:7f00:1::',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    '2002:c0a8:101::',
    'fc00::1',
    'fd12::1',
    'fec0::1',
    '192.0.2.1',
    '198.51.100.1',
    '203.0.113.1',
    '198.18.0.1',
    '192.0.0.1',
    '240.0.0.1',
    '0.1.2.3',
    '2001:db8::1',
    '2001:2::1',
    '100::1',
    '2001:0:7f00:1::80ff:fffe',
    '2a00::5efe:10.0.0.1',
    '2a00::200:5efe:192.168.0.1',
    '::ffff:0:10.0.0.1',
    '3fff::1',
    '5f00::1',
  ])('%s is not public and refused', (address) => {
    expect(refuseAddress(strict, https, address)).toBeTypeOf('string')
  })

  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '::ffff:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::',
    'fe80::1',
    'fd00:ec2::254',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '0.0.0.0',
    '::',
    '224.0.0.1',
    'ff02::1',
    '255.255.255.255',
    '::ffff:0.0.0.0',
  ])('%s is refused whatever the operator lists', (address) => {
    const all = { ...listing('0.0.0.0/0', '::/0', 'llm.example:443'), loopback: true }
    expect(refuseAddress(all, https, address)).toMatch('never')
  })

  it('may be private where the operator lists its network, itself or its name and port', () => {
    for (const list of ['10.0.0.0/8', '10.1.2.3', 'llm.example:80', 'LLM.example:80']) {
      expect([list, refuseAddress(listing(list), http, '10.1.2.3')]).toEqual([list, null])
    }
    expect(refuseAddress(listing('fd00::/8'), http, 'fd00::1')).toBe(null)
    expect(refuseAddress(listing('10.0.0.0/8'), http, '::ffff:10.1.2.3')).toBe(null)
    expect(refuseAddress(listing('10.0.0.0/8'), http, '11.0.0.1')).toBeTypeOf('string')
    expect(refuseAddress(listing('llm.example:81'), http, '10.1.2.3')).toBeTypeOf('string')
    expect(refuseAddress(listing('other.example:80'), http, '10.1.2.3')).toBeTypeOf('string')
  })

  it('may be a loopback one with the switch for it, in any of its forms', () => {
    for (const address of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])
      expect(refuseAddress(looping, http, address)).toBe(null)
    expect(refuseAddress(looping, http, '10.0.0.1')).toBeTypeOf('string')
  })

  it('is refused when this process itself listens there', () => {
    const own = { ...http, port: 9090 }
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.0.0.5', '::ffff:10.0.0.5']) {
      expect(refuseAddress({ ...looping, privateUpstreams: ['10.0.0.0/8', 'llm.example:9090'] }, own, address)).toMatch(
        'itself',
      )
    }
    expect(refuseAddress(looping, { ...own, port: 9091 }, '127.0.0.1')).toBe(null)
  })
})

describe('a URL', () => {
  it.each([
    '',
    'nonsense',
    'ftp://x/',
    'file:///etc/passwd',
    'https://user:pass@x/',
    'https://user@x/',
    'https://x/?a=b',
    'https://x/#a',
    'javascript:alert(1)',
  ])('%j is refused for its form', (url) => {
    expect(() => readTarget(url)).toThrow(UrlRefused)
  })

  it.each([
    ['http://2130706433/v1', '127.0.0.1', 80],
    ['http://0x7f.1:8080', '127.0.0.1', 8080],
    ['https://017700000001', '127.0.0.1', 443],
    ['https://[::1]:9/', '::1', 9],
    ['https://EXAMPLE.com/v1', 'example.com', 443],
    ['https://[::ffff:127.0.0.1]', '::ffff:7f00:1', 443],
  ])('%s is read as the host and port it leads to', (url, host, port) => {
    expect(readTarget(url)).toMatchObject({ host, port })
  })
})

import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Where this process may connect to on behalf of a provider, a webhook or a sign-in service. */
export type UrlPolicy = {
  /** CIDRs or host:port, as the operator wrote them. */
  readonly privateUpstreams: readonly string[]
  readonly loopback: boolean
  /** Ports this process listens on, and the addresses under which it is reached. */
  readonly ownPorts: () => readonly number[]
  readonly ownAddresses: () => readonly string[]
}

/** What is asked for: the host as the URL has it, and the port after defaults. */
export type Target = { readonly scheme: 'http' | 'https'; readonly host: string; readonly port: number }

/** Why a URL or an address may not be used, in words for an administrator. */
export class UrlRefused extends Error {
  override readonly name = 'UrlRefused'
  readonly code = 'AIC_URL_REFUSED'
}

type Address = ipaddr.IPv4 | ipaddr.IPv6

// Metadata services hand credentials to whoever asks from inside; some of them live on addresses that look public.
const METADATA = new Set(['169.254.169.254', '100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254'])
const NEVER = new Set(['linkLocal', 'unspecified', 'multicast', 'broadcast'])
const GLOBAL_V6 = ipaddr.parseCIDR('2000::/3')
// ipaddr.js 2.5 counts these as unicast although they are set aside (RFC 6890, RFC 2544, RFC 5737).
const NOT_GLOBAL_V4 = ['192.0.0.0/24', '198.18.0.0/15', '240.0.0.0/4', '0.0.0.0/8'].map((cidr) =>
  ipaddr.parseCIDR(cidr),
)

const tail = (address: ipaddr.IPv6) => ipaddr.fromByteArray(address.toByteArray().slice(12))
const parse = (cidr: string) => ipaddr.parseCIDR(cidr)

// Forms of IPv6 that carry an IPv4 address: what decides is where the packet ends.
const CARRIERS: readonly (readonly [Range, (address: ipaddr.IPv6) => Address])[] = [
  [parse('::ffff:0:0/96'), tail],
  [parse('::ffff:0:0:0/96'), tail],
  [parse('64:ff9b::/96'), tail],
  [parse('64:ff9b:1::/48'), tail],
  [parse('2002::/16'), (address) => ipaddr.fromByteArray(address.toByteArray().slice(2, 6))],
  [
    parse('2001::/32'),
    (address) =>
      ipaddr.fromByteArray(
        address
          .toByteArray()
          .slice(12)
          .map((byte) => byte ^ 0xff),
      ),
  ],
  [parse('::/96'), tail],
]

type Range = readonly [Address, number]

const isIn = (address: Address, [network, bits]: Range) =>
  address.kind() === network.kind() && address.match([network, bits])

const isIsatap = (address: ipaddr.IPv6) => address.parts[5] === 0x5efe && ((address.parts[4] ?? 1) & 0xfdff) === 0

function unwrap(address: Address): Address {
  if (!(address instanceof ipaddr.IPv6)) return address
  // `::` and `::1` are addresses of their own, not carriers of 0.0.0.0 and 0.0.0.1.
  if (address.range() === 'unspecified' || address.range() === 'loopback') return address
  for (const [range, inner] of CARRIERS) if (isIn(address, range)) return inner(address)
  return isIsatap(address) ? tail(address) : address
}

const isGlobal = (address: Address) =>
  address.range() === 'unicast' &&
  (address.kind() === 'ipv6' ? isIn(address, GLOBAL_V6) : !NOT_GLOBAL_V4.some((range) => isIn(address, range)))

function isListed(policy: UrlPolicy, target: Target, address: Address): boolean {
  const hostAndPort = `${target.host.toLowerCase().replace(/\.$/, '')}:${target.port}`
  return policy.privateUpstreams.some((entry) => {
    if (entry.toLowerCase() === hostAndPort) return true
    if (entry.includes('/')) return ipaddr.isValidCIDR(entry) && isIn(address, ipaddr.parseCIDR(entry))
    return isIP(entry) !== 0 && ipaddr.process(entry).toString() === address.toString()
  })
}

function isOwn(policy: UrlPolicy, address: Address, port: number): boolean {
  if (!policy.ownPorts().includes(port)) return false
  if (address.range() === 'loopback') return true
  return policy
    .ownAddresses()
    .some((own) => ipaddr.isValid(own) && ipaddr.process(own).toString() === address.toString())
}

/** Why no connection to this address may be made for this target; null when it may. `text` is an IP address. */
export function refuseAddress(policy: UrlPolicy, target: Target, text: string): string | null {
  if (!ipaddr.isValid(text)) return 'The host name resolves to something that is no address.'
  const given = ipaddr.parse(text)
  const address = unwrap(given)
  const range = address.range()
  const isMetadata = METADATA.has(address.toString()) || METADATA.has(given.toString())
  if (NEVER.has(range) || NEVER.has(given.range()) || isMetadata) {
    return 'Link-local, metadata and multicast addresses are never allowed.'
  }
  if (isOwn(policy, address, target.port)) return 'The address is one of this gateway itself.'
  if (isListed(policy, target, address) || (range === 'loopback' && policy.loopback)) return null
  if (range === 'loopback') return 'Loopback addresses are allowed only when the operator sets AIC_LOOPBACK_UPSTREAMS.'
  if (!isGlobal(address))
    return 'Private addresses are allowed only when the operator lists them in AIC_PRIVATE_UPSTREAMS.'
  if (target.scheme === 'http') return 'Public addresses need https.'
  return null
}

/** The parts of a provider URL that matter for connecting. Throws `UrlRefused` for a form that is never allowed. */
export function readTarget(text: string): Target {
  if (!URL.canParse(text)) throw new UrlRefused('This is not a URL.')
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new UrlRefused('The URL must start with https://.')
  if (url.username !== '' || url.password !== '') throw new UrlRefused('The URL must not hold a user name or password.')
  if (url.search !== '' || url.hash !== '') throw new UrlRefused('The URL must not have a query or a fragment.')
  const scheme = url.protocol === 'https:' ? 'https' : 'http'
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port)
  return { scheme, host: url.hostname.replace(/^\[|\]$/g, ''), port }
}

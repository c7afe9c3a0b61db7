import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6
/** A network: its address and how many bits of it count. */
export type Range = readonly [Address, number]

const MAPPED_BITS = 96

/**
 * A CIDR or a single address; null for anything else. An IPv4 network in its IPv6 form is the IPv4 network, since
 * callers' addresses are unwrapped the same way.
 */
export function readRange(text: string): Range | null {
  // The library also reads `10`, `0x7f.1` and the like; people who write that mean something else.
  if (isIP(text.split('/')[0] ?? '') === 0) return null
  if (!text.includes('/')) {
    const address = read(text)
    return address && [address, address.kind() === 'ipv4' ? 32 : 128]
  }
  if (!ipaddr.isValidCIDR(text)) return null
  const [network, bits] = ipaddr.parseCIDR(text)
  const isMapped = network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress() && bits >= MAPPED_BITS
  return isMapped ? [network.toIPv4Address(), bits - MAPPED_BITS] : [network, bits]
}

/** The one way to write a network: without host bits, the IPv6 form shortened. */
export function writeRange([network, bits]: Range): string {
  const cidr = `${network.toString()}/${bits}`
  const base = network.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6
  return `${base.networkAddressFromCIDR(cidr).toString()}/${bits}`
}

/** Reads CIDRs once; one that is none matches nothing (what people write has been checked before). */
export const readRanges = (cidrs: readonly string[]): readonly Range[] =>
  cidrs.map(readRange).filter((range) => range !== null)

const isIn = (address: Address, ranges: readonly Range[]) =>
  ranges.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits))

/** Whether an address, as `clientAddress` answers it, lies in one of the networks. An unknown one lies in none. */
export function isInRanges(text: string | null, ranges: readonly Range[]): boolean {
  const address = text === null ? null : read(text)
  return address !== null && isIn(address, ranges)
}

/** An address, IPv4 unwrapped from its IPv6 form; null for anything else. */
const read = (text: string) => (isIP(text) === 0 ? null : ipaddr.process(text))

const WITH_PORT = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/

/** Some proxies write the caller's port as well, and brackets around what has colons itself. */
function withoutPort(text: string): string {
  const [, inBrackets, plain] = WITH_PORT.exec(text) ?? []
  return inBrackets ?? plain ?? text
}

export type Asking = {
  readonly headers: IncomingHttpHeaders
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/** Answers the address of a caller, as `clientAddress` does, for these CIDRs. */
export function createAddressReader(trustedProxies: readonly string[]): (req: Asking) => string | null {
  const trusted = readRanges(trustedProxies)
  return (req) => clientAddress(req, trusted)
}

/**
 * The address of the caller. `X-Forwarded-For` is believed as far as it was written by trusted proxies: the last
 * address that is not one of them is the caller.
 */
export function clientAddress(req: Asking, trusted: readonly Range[]): string | null {
  let address = read(req.socket.remoteAddress ?? '')
  if (!address) return null
  if (trusted.length === 0) return address.toString()
  const forwarded = [req.headers['x-forwarded-for'] ?? []].flat().join(',').split(',')
  for (const text of forwarded.toReversed()) {
    if (!isIn(address, trusted)) break
    const next = read(withoutPort(text.trim()))
    if (!next) break
    address = next
  }
  return address.toString()
}

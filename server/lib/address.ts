import type { IncomingMessage } from 'node:http'
import ipaddr from 'ipaddr.js'

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number]

/** Reads CIDRs once; throws for one that is none (the configuration has been checked before). */
export const readRanges = (cidrs: readonly string[]): readonly Range[] => cidrs.map((cidr) => ipaddr.parseCIDR(cidr))

const isIn = (address: ipaddr.IPv4 | ipaddr.IPv6, ranges: readonly Range[]) =>
  ranges.some(([network, bits]) => network.kind() === address.kind() && address.match([network, bits]))

/** The address a connection comes from, IPv4 unwrapped from its IPv6 form. */
const read = (text: string) => (ipaddr.isValid(text) ? ipaddr.process(text) : null)

/**
 * The address of the caller. `X-Forwarded-For` is believed as far as it was written by trusted proxies: the last
 * address that is not one of them is the caller.
 */
export function clientAddress(req: IncomingMessage, trusted: readonly Range[]): string | null {
  let address = read(req.socket.remoteAddress ?? '')
  if (!address) return null
  if (trusted.length === 0) return address.toString()
  const forwarded = [req.headers['x-forwarded-for'] ?? []].flat().join(',').split(',')
  for (const text of forwarded.toReversed()) {
    if (!isIn(address, trusted)) break
    const next = read(text.trim())
    if (!next) break
    address = next
  }
  return address.toString()
}

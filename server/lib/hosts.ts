import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { Config } from '../config.ts'
import { isLoopback } from './settings.ts'

/**
 * Says whether a request for this `Host` is meant for us. A page of another name that resolves to this machine (DNS
 * rebinding) must not reach the console as if it were its own.
 */
export function hostCheck(config: Pick<Config, 'publicUrl' | 'tls'>): (host: string) => boolean {
  const publicName = config.publicUrl === null ? null : nameOf(new URL(config.publicUrl).host)
  const certificate = config.tls === null ? null : new X509Certificate(config.tls.cert)
  const isOurs = (host: string) => {
    const name = nameOf(host)
    if (name === null) return false
    if (name === publicName || isLoopback(name)) return true
    return certificate !== null && covers(certificate, name)
  }
  // Nearly every request names the same host as the one before it.
  let known: string | null = null
  return (host) => {
    if (host === known) return true
    if (!isOurs(host)) return false
    known = host
    return true
  }
}

// The port is not compared: a forwarded one is common, and it proves nothing about the caller.
function nameOf(host: string): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host)
  return (match?.[1] ?? match?.[2])?.toLowerCase() ?? null
}

function covers(certificate: X509Certificate, name: string): boolean {
  const covered = isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)
  return covered !== undefined
}

import { existsSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import sirv from 'sirv'

type Handler = (req: IncomingMessage, res: ServerResponse, notFound: () => void) => void

const YEAR_S = 31_536_000

// Nothing of another host, nothing inline, nobody's frame: what an injected text could do is nothing.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'permissions-policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-frame-options': 'DENY',
  'x-permitted-cross-domain-policies': 'none',
}

/** Headers of every answer that a browser may show. `secure`: people reach us by https only. */
export function setSecurityHeaders(res: ServerResponse, secure: boolean): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) res.setHeader(name, value)
  if (secure) res.setHeader('strict-transport-security', `max-age=${YEAR_S}`)
}

/** Serves the built console, compressed ahead of time; a page that a browser navigates to is its index.html. */
export function consoleFiles(directory: string): Handler {
  if (!existsSync(join(directory, 'index.html'))) return (_req, _res, notFound) => notFound()
  const serve = sirv(directory, { etag: true, brotli: true, gzip: true, setHeaders: setCaching })
  return (req, res, notFound) => {
    serve(req, res, () => {
      if (!isNavigation(req)) return notFound()
      req.url = '/'
      serve(req, res, notFound)
    })
  }
}

// Vite puts a hash of the content into every name below /assets; all else may change with the next version.
function setCaching(res: ServerResponse, path: string): void {
  const hashed = path.startsWith('/assets/')
  res.setHeader('cache-control', hashed ? `public, max-age=${YEAR_S}, immutable` : 'no-cache')
}

function isNavigation(req: IncomingMessage): boolean {
  const path = req.url?.split('?')[0] ?? ''
  return (req.headers.accept ?? '').includes('text/html') && !/\.[a-z0-9]+$/i.test(path)
}

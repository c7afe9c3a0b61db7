import { createServer } from 'node:http'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { createOutgoing } from './outgoing.ts'
import { UrlRefused } from './url-policy.ts'

const seen: string[] = []
const server = createServer((req, res) => {
  seen.push(req.url ?? '')
  if (req.url === '/redirect') res.writeHead(302, { location: '/elsewhere' }).end()
  else if (req.url === '/long') res.end('x'.repeat(100_000))
  else if (req.url !== '/never') res.end('hello')
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port }: { port: number } = Object(server.address())
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const origin = `http://127.0.0.1:${port}`
const ask = { method: 'GET', timeoutMs: 2_000, maxBytes: 10_000 } as const
const open = createOutgoing({ privateUpstreams: [], loopbackUpstreams: true, ownPorts: () => [] })
const closed = createOutgoing({ privateUpstreams: [], loopbackUpstreams: false, ownPorts: () => [] })

describe('the one client', () => {
  it('reaches what is allowed', async () => {
    expect(await open.request(`${origin}/a`, ask)).toMatchObject({ status: 200, body: Buffer.from('hello') })
    expect((await open.request(`http://localhost:${port}/b`, ask)).status).toBe(200)
  })

  it('checks a literal address and each address of a name when it connects', async () => {
    const before = seen.length
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433']) {
      await expect(closed.request(`http://${host}:${port}/`, ask)).rejects.toThrow(UrlRefused)
    }
    expect(seen.length).toBe(before)
  })

  it('reaches a listed name and port, and nothing else of that host', async () => {
    const listed = createOutgoing({
      privateUpstreams: [`localhost:${port}`],
      loopbackUpstreams: false,
      ownPorts: () => [],
    })
    expect((await listed.request(`http://localhost:${port}/`, ask)).status).toBe(200)
    await expect(listed.request(`http://localhost:${port + 1}/`, ask)).rejects.toThrow(UrlRefused)
  })

  it('never reaches a port of its own process', async () => {
    const own = createOutgoing({
      privateUpstreams: [`localhost:${port}`],
      loopbackUpstreams: true,
      ownPorts: () => [port],
    })
    await expect(own.request(`${origin}/`, ask)).rejects.toThrow('itself')
  })

  it('answers a redirect and does not follow it', async () => {
    expect((await open.request(`${origin}/redirect`, ask)).status).toBe(302)
    expect(seen).not.toContain('/elsewhere')
  })

  it('takes no notice of proxy variables', async () => {
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) vi.stubEnv(name, 'http://127.0.0.1:1')
    expect((await open.request(`${origin}/`, ask)).status).toBe(200)
    vi.unstubAllEnvs()
  })

  it('gives up on an answer that is too long or too late', async () => {
    await expect(open.request(`${origin}/long`, ask)).rejects.toThrow('longer')
    await expect(open.request(`${origin}/never`, { ...ask, timeoutMs: 100 })).rejects.toThrow()
  })
})

describe('a URL that is about to be saved', () => {
  it.each([
    'http://127.0.0.1/v1',
    'https://10.0.0.1/v1',
    'http://localhost/v1',
    'http://example.invalid/v1',
    'https://169.254.169.254/',
  ])('%s is refused with a reason', async (url) => {
    await expect(closed.checkUrl(url)).rejects.toThrow(UrlRefused)
  })

  it('passes when its name does not resolve yet, because each connection is checked', async () => {
    await expect(closed.checkUrl('https://not-there.invalid/v1')).resolves.toBe(undefined)
  })

  it('passes when it is allowed', async () => {
    await expect(open.checkUrl(`http://localhost:${port}/v1`)).resolves.toBe(undefined)
  })
})

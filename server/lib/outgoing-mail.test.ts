import { createServer } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { createOutgoing } from './outgoing.ts'
import { sendMail } from './outgoing-mail.ts'
import { UrlRefused } from './url-policy.ts'

let connections = 0
const taken: string[] = []
/** Takes every mail; its lines are in `taken`. */
const server = createServer((socket) => {
  connections++
  let inMail = false
  socket.write('220 test\r\n')
  socket.on('data', (chunk) => {
    for (const line of chunk.toString().split('\r\n').filter(Boolean)) {
      taken.push(line)
      if (line === 'DATA') inMail = true
      if (line === '.') inMail = false
      if (line === 'DATA') socket.write('354 go on\r\n')
      else if (!inMail) socket.write(line === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n')
    }
  })
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
afterAll(() => server.close())
const { port }: { port: number } = Object(server.address())

const outgoingWith = (privateUpstreams: readonly string[], loopbackUpstreams = false) =>
  createOutgoing({ privateUpstreams, loopbackUpstreams, ownPorts: () => [] })
const at = (host: string) => ({ host, port, tls: false, username: null, password: null, from: 'aic@example.org' })
const mail = { to: 'ada@example.org', subject: 'Hello', text: 'It works.' }

test('a mail host on a private address is refused before a connection is made, whatever its address is written like', async () => {
  for (const host of ['127.0.0.1', 'localhost', '::ffff:127.0.0.1', '2130706433', '10.0.0.1', '169.254.169.254']) {
    await expect(sendMail(outgoingWith([]), at(host), mail)).rejects.toThrow(UrlRefused)
  }
  expect(connections).toBe(0)
})

test('a mail host that the operator lists is used, and no other port of it', async () => {
  const outgoing = outgoingWith([`localhost:${port}`])
  await sendMail(outgoing, at('localhost'), mail)
  expect(taken).toEqual(expect.arrayContaining(['To: ada@example.org', 'Subject: Hello', 'It works.']))
  await expect(sendMail(outgoing, { ...at('localhost'), port: port + 1 }, mail)).rejects.toThrow(UrlRefused)
})

test('a host that is not this machine must offer TLS before it gets anything', async () => {
  taken.length = 0
  // Another way to write this machine stands for a host across the network; the server does not speak TLS.
  await expect(sendMail(outgoingWith([], true), at('2130706433'), mail)).rejects.toThrow()
  expect(taken).toContain('STARTTLS')
  expect(taken.some((line) => line.startsWith('MAIL FROM'))).toBe(false)
})

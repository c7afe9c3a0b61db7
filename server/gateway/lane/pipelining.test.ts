import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { sendJson } from '../test/provider.ts'
import { startWorld } from '../test/world.ts'

const world = await startWorld()

const request = (number: number, stream = false, content = '') => {
  const messages = [{ role: 'user', content }]
  const body = JSON.stringify({ model: 'gpt-4', stream, user: `caller-${number}`, messages })
  const head = `POST /work HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${world.key.text}\r\ncontent-type: application/json`
  return `${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

async function open() {
  const socket = connect(world.port, '127.0.0.1')
  let text = ''
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1')
  })
  await once(socket, 'connect')
  const until = async (done: (text: string) => boolean) => {
    while (!done(text)) await wait(5)
    return text
  }
  return { socket, until }
}

test('requests sent before the answers come are answered one by one, in their order', async () => {
  world.provider.answer = (_req, res, body) => {
    const { user } = JSON.parse(body)
    // Later ones would be quicker: only their order on the connection keeps them back.
    setTimeout(() => sendJson(res, 200, { id: user, choices: [] }), user === 'caller-0' ? 60 : 0)
  }
  const { socket, until } = await open()
  const sent = Array.from({ length: 12 }, (_, number) => number)
  socket.write(
    sent
      .slice(0, 5)
      .map((number) => request(number))
      .join(''),
  )
  // The rest comes in pieces, some of them while an answer goes out.
  for (const number of sent.slice(5)) {
    const bytes = request(number)
    socket.write(bytes.slice(0, 70))
    await wait(number % 3)
    socket.write(bytes.slice(70))
  }
  const text = await until((got) => got.includes('caller-11'))
  socket.destroy()
  expect([...text.matchAll(/"id":"caller-(\d+)"/g)].map(([, number]) => Number(number))).toEqual(sent)
})

test('long bodies one behind the other reach the provider whole, wherever they are cut', async () => {
  const contentOf = (number: number) => `${number} long `.repeat(9_000 * (number + 1))
  world.provider.answer = (_req, res, body) => {
    const { user, messages } = JSON.parse(body)
    const [, number] = user.split('-')
    sendJson(res, 200, { id: messages[0].content === contentOf(Number(number)) ? user : 'mixed up', choices: [] })
  }
  const { socket, until } = await open()
  const sent = Array.from({ length: 6 }, (_, number) => number)
  socket.write(sent.map((number) => request(number, false, contentOf(number))).join(''))
  const text = await until((got) => got.split('HTTP/1.1 200 OK').length > sent.length && got.endsWith('}'))
  socket.destroy()
  expect([...text.matchAll(/"id":"([^"]+)"/g)].map(([, id]) => id)).toEqual(sent.map((number) => `caller-${number}`))
})

test('a stream that breaks off ends with an error event, and a next request at once is answered all the same', async () => {
  world.provider.answer = (_req, res, body) => {
    const { stream } = JSON.parse(body)
    if (!stream) return sendJson(res, 200, { id: 'after', choices: [] })
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write('data: {"id":"x","choices":[{"index":0,"delta":{"content":"a"}}]}\n\n')
    setTimeout(() => res.destroy(), 20)
  }
  const { socket, until } = await open()
  socket.write(request(1, true))
  const broken = await until((got) => got.endsWith('0\r\n\r\n'))
  expect(broken).toContain('upstream_')
  expect(broken).not.toContain('[DONE]')
  socket.write(request(2))
  expect(await until((got) => got.includes('"id":"after"'))).toContain('HTTP/1.1 200 OK')
  socket.destroy()
})

test('the connection of a broken stream is closed when nothing more comes', async () => {
  const { socket, until } = await open()
  const closed = once(socket, 'close')
  socket.write(request(1, true))
  await until((got) => got.endsWith('0\r\n\r\n'))
  await closed
  expect(socket.destroyed).toBe(true)
})

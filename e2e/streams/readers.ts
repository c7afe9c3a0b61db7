import { Agent, request } from 'node:http'
import type { World } from '../product.ts'

/** One stream as its reader saw it. */
export type Read = {
  readonly status: number
  /** Content chunks, which are numbered: a missing or repeated one breaks the stream. */
  readonly chunks: number
  readonly whole: boolean
}

export type Readers = {
  /** How many have had their first chunk. */
  readonly begun: () => number
  /** Resolves when all streams have ended. */
  readonly ended: Promise<readonly Read[]>
}

function read(world: World, agent: Agent, body: string, onBegin: () => void): Promise<Read> {
  const { promise, resolve } = Promise.withResolvers<Read>()
  const headers = { authorization: `Bearer ${world.key.secret}`, 'content-type': 'application/json' }
  const target = { host: '127.0.0.1', port: world.product.port, path: '/work', method: 'POST', agent, headers }
  const req = request(target, (res) => {
    let chunks = 0
    let rest = ''
    let inOrder = true
    let done = false
    const line = (text: string): void => {
      done = text === 'data: [DONE]'
      const number = /"content":"word(\d+) "/.exec(text)?.[1]
      if (number === undefined) return
      inOrder &&= Number(number) === chunks
      if (chunks === 0) onBegin()
      chunks += 1
    }
    res.setEncoding('utf8')
    res.on('data', (text: string) => {
      const lines = (rest + text).split('\n\n')
      rest = lines.pop() ?? ''
      lines.forEach(line)
    })
    res.on('error', () => undefined)
    res.on('close', () => resolve({ status: res.statusCode ?? 0, chunks, whole: res.complete && done && inOrder }))
  })
  req.on('error', () => resolve({ status: 0, chunks: 0, whole: false }))
  req.end(body)
  return promise
}

/** Opens `count` streams at once, each of `chunks` chunks with `delay` milliseconds between them. */
export function openStreams(world: World, count: number, chunks: number, delay: number): Readers {
  const agent = new Agent()
  const messages = [{ role: 'user', content: 'one two three' }]
  const fake = `chunks=${chunks} delay=${delay}`
  const body = JSON.stringify({ model: 'fake-stream', stream: true, messages, metadata: { fake } })
  let begun = 0
  const onBegin = (): void => {
    begun += 1
  }
  const all = Array.from({ length: count }, () => read(world, agent, body, onBegin))
  return { begun: () => begun, ended: Promise.all(all) }
}

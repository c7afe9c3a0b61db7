import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type Kind, kindAt } from './kinds.ts'

export type Aim = { readonly port: number; readonly secret: string }

/** What was sent, by model, and what the callers saw. */
export type Tally = { readonly sent: Map<string, number>; readonly seen: Map<string, number>; churned: number }

export const newTally = (): Tally => ({ sent: new Map(), seen: new Map(), churned: 0 })

const bump = (map: Map<string, number>, name: string) => void map.set(name, (map.get(name) ?? 0) + 1)

/** The connection was kept after an answer and closed under the next request, which therefore reached nobody. */
export const lost = 'lost on a kept connection'

/** One request of its kind; resolves, when it is over for its caller, with what that saw. Never rejects. */
export function callOnce(aim: Aim, kind: Kind, agent: Agent | false): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const body = JSON.stringify({
    model: kind.model,
    stream: kind.streamed,
    messages: [{ role: 'user', content: 'a b c' }],
    metadata: { fake: kind.directive },
  })
  const headers = {
    authorization: `Bearer ${aim.secret}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  }
  const req = request({ host: '127.0.0.1', port: aim.port, path: '/work', method: 'POST', agent, headers }, (res) => {
    res.on('error', () => undefined)
    res.on('close', () => resolve(res.complete ? String(res.statusCode) : left ? 'left' : 'cut'))
    res.resume()
  })
  let left = false
  req.on('error', (error: NodeJS.ErrnoException) => {
    if (left) resolve('left')
    else resolve(req.reusedSocket && error.code === 'ECONNRESET' ? lost : `cut: ${error.code} ${error.message}`)
  })
  const leave = (): void => {
    left = true
    req.destroy()
  }
  req.end(body)
  // Counted from when it was sent: on a busy machine it could have left before, and nobody would have heard of it.
  const { leavesAfterMs } = kind
  if (leavesAfterMs !== null) req.on('finish', () => setTimeout(leave, leavesAfterMs))
  return promise
}

/** A connection that comes to nothing: silent, half a head, or half a body. */
async function churn({ port, secret }: Aim, index: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.resume()
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
  const head = `POST /work HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`
  const credential = `Authorization: Bearer ${secret}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n`
  const words = ['', head, `${head}${credential}{"model":`][index % 3] ?? ''
  if (words !== '') socket.write(words)
  await wait(50)
  if (index % 2 === 0) socket.resetAndDestroy()
  else socket.destroy()
}

/** The gateway closes the connection of a broken stream when nobody has used it for a second: a pool is quicker. */
const IDLE_MS = 500

/** Starts requests on a clock, whatever becomes of those before; every tenth has a connection of its own. */
export async function callFor(aim: Aim, tally: Tally, rate: number, ms: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 2000, timeout: IDLE_MS })
  const open = new Set<Promise<void>>()
  const begun = performance.now()
  const start = async (index: number): Promise<void> => {
    const kind = kindAt(index)
    bump(tally.sent, kind.model)
    bump(tally.seen, `${kind.model} ${await callOnce(aim, kind, index % 10 === 0 ? false : agent)}`)
  }
  const keep = (work: Promise<void>): void => {
    open.add(work)
    void work.finally(() => open.delete(work))
  }
  for (let index = 0; performance.now() - begun < ms; await wait(10)) {
    for (const due = ((performance.now() - begun) * rate) / 1000; index < due; index += 1) {
      keep(start(index))
      if (index % 20 !== 7) continue
      tally.churned += 1
      keep(churn(aim, tally.churned))
    }
  }
  await Promise.all(open)
  agent.destroy()
}

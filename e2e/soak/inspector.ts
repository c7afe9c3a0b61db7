import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/** What one process holds. Megabytes are mebibytes. */
export type Holdings = {
  readonly heapMb: number
  readonly residentMb: number
  readonly descriptors: number
  readonly sockets: number
  /** Requests, timers and connections that keep the process alive, as Node counts them. */
  readonly resources: number
}

/** Looks into a Node process that was started with `--inspect=127.0.0.1:PORT`. */
export type Inspector = {
  /** Collects garbage first. */
  readonly holdings: (pid: number) => Promise<Holdings>
  readonly close: () => void
}

const mebibyte = 1024 * 1024

/** Resident memory of a process in mebibytes. */
export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024
}

function links(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).flatMap((name) => {
    try {
      return [readlinkSync(`${folder}/${name}`)]
    } catch {
      // It was closed between the two calls.
      return []
    }
  })
}

async function addressOf(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/json/list`)
  const targets = (await response.json()) as readonly { readonly webSocketDebuggerUrl: string }[]
  const [target] = targets
  if (target === undefined) throw new Error('the process has no inspector')
  return target.webSocketDebuggerUrl
}

type Reply = { readonly id?: number; readonly result?: { readonly result?: { readonly value?: unknown } } }

/** Connects to the inspector. Nothing is added to the process but what it shows. */
export async function openInspector(port: number): Promise<Inspector> {
  const socket = new WebSocket(await addressOf(port))
  await once(socket, 'open')
  const waiting = new Map<number, (value: unknown) => void>()
  socket.addEventListener('message', ({ data }) => {
    const reply = JSON.parse(String(data)) as Reply
    if (reply.id !== undefined) waiting.get(reply.id)?.(reply.result?.result?.value)
  })
  let last = 0
  const ask = (method: string, params: object = {}): Promise<unknown> => {
    last += 1
    const id = last
    const { promise, resolve } = Promise.withResolvers<unknown>()
    waiting.set(id, resolve)
    socket.send(JSON.stringify({ id, method, params }))
    return promise.finally(() => waiting.delete(id))
  }
  const evaluate = (expression: string) => ask('Runtime.evaluate', { expression, returnByValue: true })
  const holdings = async (pid: number): Promise<Holdings> => {
    // Finalizers run after the first collection and free what the second one takes.
    for (let round = 0; round < 2; round += 1) {
      await ask('HeapProfiler.collectGarbage')
      await wait(100)
    }
    const heap = Number(await evaluate('process.memoryUsage().heapUsed'))
    const resources = Number(await evaluate('process.getActiveResourcesInfo().length'))
    const all = links(pid)
    const sockets = all.filter((link) => link.startsWith('socket:')).length
    return { heapMb: heap / mebibyte, residentMb: residentMb(pid), descriptors: all.length, sockets, resources }
  }
  return { holdings, close: () => socket.close() }
}

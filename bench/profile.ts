type Frame = { readonly functionName: string; readonly url: string }
type Node = {
  readonly id: number
  readonly callFrame: Frame
  readonly hitCount?: number
  readonly children?: readonly number[]
}
type Profile = { readonly nodes: readonly Node[] }

/** `share` of the time in which the process did anything. */
export type StepCost = { readonly step: string; readonly share: number }

const SAMPLE_US = 200

/** What a frame is part of: the first that fits. A frame that fits none counts for the one that called it. */
const STEPS: readonly (readonly [step: string, file: RegExp, name: RegExp])[] = [
  ['garbage collection', /^$/, /^\(garbage collector\)$/],
  ['loop of Node', /^$/, /^\(program\)$/],
  ['write to a socket', /^$/, /^(?:writeBuffer|writev|writeLatin1String|writeUtf8String)$/],
  ['entries to the database', /\/(?:pg|pg-[a-z-]+|postgres-[a-z]+)\//, /./],
  [
    'entries to the database',
    /\/usage\/(?:batch|column|queue|sums|usage\.store|store-entries|flusher|latency)|\/lib\/signals/,
    /./,
  ],
  ['metrics', /\/usage\/meter-entries|\/lib\/(?:metrics|tally)|@opentelemetry/, /./],
  ['journal', /\/usage\//, /./],
  ['read the request', /\/gateway\/lane\/(?:request|connection|lane)/, /./],
  ['answer the caller', /\/gateway\/(?:lane\/answer|answer|headers|tokens|sse|generated)/, /./],
  ['ask the provider', /\/gateway\/(?:lean\/|upstream|attempt|turn|steps\/forward)|\/lib\/breaker/, /./],
  ['scan the body', /\/gateway\/(?:ask|scan|scan-values|steps\/read-body)/, /./],
  ['check the key', /\/gateway\/(?:steps\/authenticate|verify|directory|key-status)|\/lib\/secret/, /./],
  ['rules and restrictions', /\/gateway\/(?:steps\/permit|steps\/choose|access)|\/rules\/|\/keys\//, /./],
  ['limits', /\/gateway\/(?:steps\/lease|steps\/admit|limiter|prompt)|\/limits\//, /./],
  ['usage entry', /\/gateway\/(?:steps\/(?:intent|settle)|used)/, /./],
  ['pipeline', /\/gateway\//, /./],
  ['sockets of Node', /^node:/, /./],
]

function stepOf({ url, functionName }: Frame): string | null {
  return STEPS.find(([, file, name]) => file.test(url) && name.test(functionName))?.[0] ?? null
}

/** Self time by step, the largest first. What Node does for a step of ours counts for that step. */
export function costBySteps({ nodes }: Profile): readonly StepCost[] {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const hits = new Map<string, number>()
  const walk = (node: Node, outer: string): void => {
    const own = stepOf(node.callFrame)
    const inNode = own === 'sockets of Node' && outer !== 'the rest'
    const step = own === null || inNode ? outer : own
    if (node.callFrame.functionName !== '(idle)') hits.set(step, (hits.get(step) ?? 0) + (node.hitCount ?? 0))
    for (const id of node.children ?? []) {
      const child = byId.get(id)
      if (child) walk(child, step)
    }
  }
  const [root] = nodes
  if (root) walk(root, 'the rest')
  const total = [...hits.values()].reduce((sum, count) => sum + count, 0)
  return [...hits]
    .map(([step, count]) => ({ step, share: count / total }))
    .filter(({ share }) => share >= 0.005)
    .sort((one, other) => other.share - one.share)
}

type Profiled<Result> = { readonly result: Result; readonly profile: Profile }

/** Profiles the process behind an inspector's port while `work` runs. */
export async function profileWhile<Result>(port: number, work: () => Promise<Result>): Promise<Profiled<Result>> {
  const inspector = await connectTo(port)
  await inspector.call('Profiler.enable')
  await inspector.call('Profiler.setSamplingInterval', { interval: SAMPLE_US })
  await inspector.call('Profiler.start')
  const result = await work()
  const { profile } = (await inspector.call('Profiler.stop')) as { readonly profile: Profile }
  inspector.close()
  return { result, profile }
}

async function connectTo(port: number) {
  const list = await fetch(`http://127.0.0.1:${port}/json/list`)
  const [target] = (await list.json()) as readonly { readonly webSocketDebuggerUrl: string }[]
  if (!target) throw new Error('nothing to profile')
  const socket = new WebSocket(target.webSocketDebuggerUrl)
  const answers = new Map<number, (result: unknown) => void>()
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as { readonly id?: number; readonly result?: unknown }
    answers.get(answer.id ?? 0)?.(answer.result)
  })
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', reject)
  })
  let calls = 0
  const call = (method: string, params: object = {}): Promise<unknown> => {
    const id = ++calls
    socket.send(JSON.stringify({ id, method, params }))
    return new Promise((resolve) => answers.set(id, resolve))
  }
  return { call, close: () => socket.close() }
}

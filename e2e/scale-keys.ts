import { loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openDb } from '../server/lib/db.ts'
import { createLog } from '../server/lib/log.ts'
import { freePort } from './product/process.ts'
import { openWorld, type World } from './product.ts'
import { startBystander } from './scale-keys/bystander.ts'
import { list, pages } from './scale-keys/lists.ts'
import { GROUP, seedKeys } from './scale-keys/seed.ts'
import { watch } from './scale-keys/watch.ts'

/**
 * A million keys in the real product: everything that touches many of them is done as the console does it, while
 * `/work` is called. `--keys 1000000 --only TEXT` (only what has this in its name).
 */
const { values } = parseArgs({ options: { keys: { type: 'string', default: '1000000' }, only: { type: 'string' } } })
const count = Number(values.keys)

const LIST_MS = 200
const HOLD_MS = 50
let broken = 0
const say = (text: string): void => void process.stdout.write(`${text}\n`)

type Case<Result> = {
  readonly name: string
  readonly run: () => Promise<Result>
  readonly tell?: (result: Result) => string
  readonly boundMs?: number
}

async function measure<Result>(world: World, metrics: string, { name, run, tell, boundMs }: Case<Result>) {
  if (values.only !== undefined && !name.includes(values.only)) return
  const where = { url: world.product.url, metricsUrl: metrics, key: world.key, bystander }
  const { result, ms, heldMs, people, idleMs, work } = await watch(where, run)
  const slow = boundMs !== undefined && ms > boundMs
  // What a process with nothing to do has to wait for as well is not what the product does.
  const holds = !slow && Math.max(heldMs, people.longestMs) - idleMs <= HOLD_MS && work.failed + people.failed === 0
  if (!holds) broken += 1
  const figures = [
    `${Math.round(ms)} ms, held ${Math.round(heldMs)} ms`,
    `people ${Math.round(people.longestMs)} ms, ${people.failed} failed`,
    `idle ${Math.round(idleMs)} ms`,
    `/work p99 ${Math.round(work.p99Ms)} ms, ${work.failed} of ${work.calls} failed`,
    `load ${loadavg()[0]?.toFixed(0)}`,
    ...(tell ? [tell(result)] : []),
  ]
  say(`${holds ? 'ok  ' : 'FAIL'} ${name.padEnd(52)} ${figures.join(', ')}`)
}

async function lists(world: World, metrics: string): Promise<void> {
  const { api } = world.admin
  for (const [name, asked] of pages()) {
    // The second look is what people have: the first fills PostgreSQL's cache.
    await list(api, asked)
    const tell = (page: Awaited<ReturnType<typeof list>>) => `${page.nodes.length} of ${page.totalCount}`
    await measure(world, metrics, { name: `list, ${name}`, run: () => list(api, asked), tell, boundMs: LIST_MS })
  }
}

const PREVIEW = `query Preview($rules: PolicyRulesInput) {
  previewPolicy(keyType: "Production", rules: $rules, first: 25) {
    checkedCount brokenCount crowdedOwnerCount endCursor breaches { messages apiKey { id name } }
  }
}`
type Preview = { readonly previewPolicy: { readonly checkedCount: number; readonly brokenCount: number } }
const RULES: Readonly<Record<string, object>> = {
  'a shorter life': { maxLifetimeDays: 30, defaultLifetimeDays: 30, neverAllowed: false },
  'a naming pattern': { namingPattern: 'service-[0-4][0-9]*-[0-9]+', namingExamples: ['service-1-1'] },
  'everything at once': {
    namingPattern: 'service-[0-4][0-9]*-[0-9]+',
    namingExamples: ['service-1-1'],
    requiredDetails: ['PURPOSE', 'APPLICATION'],
    fields: [{ name: 'cost centre', required: true, choices: ['a', 'b'] }],
    maxKeysPerUser: 100,
  },
}

async function previews(world: World, metrics: string): Promise<void> {
  for (const [name, rules] of Object.entries(RULES)) {
    const tell = ({ previewPolicy: { brokenCount, checkedCount } }: Preview) =>
      `${brokenCount} of ${checkedCount} break it`
    const run = () => world.admin.api.query<Preview>(PREVIEW, { rules })
    await measure(world, metrics, { name: `preview of ${name}`, run, tell })
  }
}

const POLICY = `query { policy(keyType: "Production") { id rollout { totalKeys doneKeys changedKeys finishedAt } } }`
type Rollout = { totalKeys: number; doneKeys: number; changedKeys: number; finishedAt: string | null }
type Rolled = { readonly policy: { readonly id: string; readonly rollout: Rollout | null } }

async function rollout(world: World, metrics: string): Promise<void> {
  const { api } = world.admin
  const { policy } = await api.query<Rolled>(POLICY)
  await api.mutate('updatePolicy', { id: policy.id, rules: RULES['a shorter life'] }, 'policy { id }')
  const run = async () => {
    await api.mutate('applyPolicy', { id: policy.id, choice: 'CAP' }, 'rollout { id }')
    for (;;) {
      const { rollout: now } = (await api.query<Rolled>(POLICY)).policy
      if (now?.finishedAt) return now
      await wait(1000)
    }
  }
  const tell = ({ changedKeys, totalKeys }: Rollout) => `${changedKeys} of ${totalKeys} shortened`
  await measure(world, metrics, { name: 'policy: older keys shortened', run, tell })
}

async function exports(world: World, metrics: string): Promise<void> {
  const { cookie = '' } = world.admin.api.proof
  for (const format of ['csv', 'json']) {
    const run = async () => {
      const answer = await fetch(`${world.product.url}/export/keys?format=${format}`, { headers: { cookie } })
      let bytes = 0
      for await (const chunk of answer.body ?? []) bytes += chunk.length
      return bytes
    }
    const tell = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
    await measure(world, metrics, { name: `register as ${format}`, run, tell })
  }
}

async function bulk(world: World, metrics: string): Promise<void> {
  const { api } = world.admin
  const ids: string[] = []
  for (let after: string | undefined; ids.length < 1000; ) {
    const page = await list(api, { filter: { status: ['ACTIVE'], search: 'service' }, ...(after && { after }) })
    ids.push(...page.nodes.map(({ id }) => id))
    after = page.pageInfo.endCursor ?? undefined
  }
  const run = () => api.mutate<{ expiredCount: number }>('expireApiKeys', { ids }, 'expiredCount')
  const tell = ({ expiredCount }: { expiredCount: number }) => `${expiredCount} ended`
  await measure(world, metrics, { name: 'expireApiKeys', run, tell })
}

const GROUPS = `query { groups(first: 50) { nodes { id name } } }`
const EMERGENCY = `query Preview($id: ID) { previewEmergency(scope: GROUP, targetId: $id) { keyCount usedKeyCount requestCount } }`
const PROGRESS = `query { emergencyOperations(first: 1) { nodes { id totalKeys endedKeys finishedAt undoneAt restoredKeys restoredAt } } }`
type Operation = {
  id: string
  totalKeys: number
  endedKeys: number
  finishedAt: string | null
  restoredKeys: number
  restoredAt: string | null
}

/** Looks at the progress once a second, as the console does, until it says that all is done. */
async function until(world: World, isDone: (operation: Operation) => boolean): Promise<Operation> {
  for (;;) {
    const { emergencyOperations } = await world.admin.api.query<{
      emergencyOperations: { nodes: readonly Operation[] }
    }>(PROGRESS)
    const [operation] = emergencyOperations.nodes
    if (operation && isDone(operation)) return operation
    await wait(1000)
  }
}

async function emergency(world: World, metrics: string): Promise<void> {
  const { api } = world.admin
  const { groups } = await api.query<{ groups: { nodes: readonly { id: string; name: string }[] } }>(GROUPS)
  const id = groups.nodes.find(({ name }) => name === GROUP)?.id
  const preview = () => api.query<{ previewEmergency: { keyCount: number } }>(EMERGENCY, { id })
  const tellPreview = ({ previewEmergency }: { previewEmergency: { keyCount: number } }) =>
    `${previewEmergency.keyCount} keys`
  await measure(world, metrics, { name: 'emergency: preview', run: preview, tell: tellPreview })
  const end = async () => {
    await api.mutate('expireAll', { scope: 'GROUP', id, confirm: GROUP }, 'operation { id }')
    return until(world, ({ finishedAt }) => finishedAt !== null)
  }
  const tellEnd = ({ endedKeys, totalKeys }: Operation) => `${endedKeys} of ${totalKeys} ended`
  await measure(world, metrics, { name: 'emergency: all keys of a group', run: end, tell: tellEnd })
  const undo = async () => {
    const { id: operationId } = await until(world, () => true)
    await api.mutate('undoEmergency', { id: operationId }, 'operation { id }')
    return until(world, ({ restoredAt }) => restoredAt !== null)
  }
  await measure(world, metrics, {
    name: 'emergency: undone',
    run: undo,
    tell: ({ restoredKeys }) => `${restoredKeys} restored`,
  })
  const verify = () =>
    api.query<{ verifyAuditChain: { entries: number; brokenAt: string | null } }>(
      '{ verifyAuditChain { entries brokenAt } }',
    )
  const tellVerify = ({ verifyAuditChain: { entries, brokenAt } }: Awaited<ReturnType<typeof verify>>) =>
    `${entries} entries, ${brokenAt === null ? 'whole' : `broken at ${brokenAt}`}`
  await measure(world, metrics, { name: 'audit chain checked', run: verify, tell: tellVerify })
}

const bystander = startBystander()
const metricsPort = await freePort()
const metrics = `http://127.0.0.1:${metricsPort}/metrics`
const world = await openWorld({ env: { AIC_LOG_LEVEL: 'warn', AIC_METRICS_PORT: String(metricsPort) } })
try {
  const db = openDb(
    { host: join(world.product.dataDir, 'run'), user: 'postgres', database: 'postgres' },
    createLog('warn'),
  )
  const begun = performance.now()
  await seedKeys(db.pool, count, say)
  await db.close()
  say(`${count} keys after ${Math.round((performance.now() - begun) / 1000)} s`)
  await measure(world, metrics, { name: 'nothing but /work, to compare', run: () => wait(10_000) })
  await lists(world, metrics)
  await previews(world, metrics)
  await rollout(world, metrics)
  await exports(world, metrics)
  await bulk(world, metrics)
  await emergency(world, metrics)
} finally {
  bystander.stop()
  await world.close()
}
say(broken === 0 ? 'everything holds' : `${broken} do not hold`)
process.exitCode = broken === 0 ? 0 : 1

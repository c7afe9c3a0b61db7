import { describe, expect, it } from 'vitest'
import { createLoopDelay } from '../lib/loop-delay.ts'
import { REFUSALS, type RefusalCode } from './refusal.ts'
import { createAdmission } from './steps/admit.ts'
import { sendRaw } from './test/raw.ts'
import { accessCases } from './test/refusals/access.ts'
import { type Answer, type Case, type Cases, strange } from './test/refusals/case.ts'
import { limitCases } from './test/refusals/limits.ts'
import { MAX_AT_ONCE, processCases } from './test/refusals/process.ts'
import { providerCases } from './test/refusals/provider.ts'
import { requestCases } from './test/refusals/request.ts'
import { serverCases } from './test/refusals/server.ts'
import { startWorld } from './test/world.ts'

const world = await startWorld(
  { maxBodyBytes: 1_000_000, stalenessMs: 2_000 },
  createAdmission(createLoopDelay(), MAX_AT_ONCE),
)

const CASES: readonly Cases[] = [
  requestCases(world),
  accessCases(world),
  limitCases(world),
  providerCases(world),
  await serverCases(world),
  processCases(world, await startWorld()),
]

const table = Object.entries(REFUSALS).flatMap(([code, [status, type]]) =>
  CASES.flatMap((cases) => Object.entries(cases))
    .filter(([name]) => name === code)
    .flatMap(([, cases = []]) => cases.map((one) => ({ code, status, type, one }))),
)

it('every refusal code stands in the table, with at least one cause', () => {
  const isThere = (code: string) => table.some((row) => row.code === code)
  expect(Object.keys(REFUSALS).filter((code) => !isThere(code))).toEqual([])
})

/** Words that must not stand in a message: addresses, names of others, SQL, stacks, versions, secrets. */
const FORBIDDEN =
  /127\.0\.0\.1|169\.254|evil|secret rule|a secret of the code|SELECT |INSERT |prisma|undici|ECONN|\n\s+at |node:|v\d+\.\d+\.\d+|aicp?_[0-9A-Za-z]{12}|sk-provider/

function checkForm({ status, headers, body }: Answer, row: (typeof table)[number]) {
  const { one, code, type } = row
  expect(Object.keys(JSON.parse(body))).toEqual(['error'])
  const { error } = JSON.parse(body)
  expect(Object.keys(error).toSorted()).toEqual(['code', 'message', 'param', 'type'])
  expect({ status, ...error }).toEqual({
    ...{ status: row.status, code, type, param: one.param ?? null },
    message: expect.stringMatching(one.says),
  })
  expect(body).not.toMatch(FORBIDDEN)
  expect(headers.get('content-type')).toMatch(/^application\/json/)
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(headers.get('www-authenticate')).toBe(row.status === 401 ? 'Bearer' : null)
  if (row.status === 503) expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
  for (const [name, value] of Object.entries(one.headers ?? {})) expect(headers.get(name)).toMatch(value)
}

async function checkEntry({ headers }: Answer, { one, code, status }: { one: Case; code: string; status: number }) {
  const entry = (await world.entries()).find(({ id }) => id === headers.get('x-request-id'))
  if (one.end === null) return expect(entry).toBeUndefined()
  const [refusedByType, refusedById] = one.by?.() ?? [null, null]
  expect(entry).toMatchObject({ status, code, end: one.end ?? 'REFUSED', refusedByType, refusedById })
  expect(entry?.overheadUs).toBeGreaterThan(0)
  // The answer goes out after the entry is written.
  expect(Number(headers.get('x-aic-overhead-us'))).toBeGreaterThanOrEqual(entry?.overheadUs ?? 0)
}

// In this order: what takes the database away comes last.
describe.each(table)('$status $code', (row) => {
  it(`by ${row.one.cause}`, async () => {
    const answer = await row.one.ask()
    checkForm(answer, row)
    await checkEntry(answer, row)
  })
})

it('invalid_api_key is one answer, whatever is wrong with the key', async () => {
  const code: RefusalCode = 'invalid_api_key'
  const bodies = new Set<string>()
  for (const row of table) if (row.code === code) bodies.add((await row.one.ask()).body)
  expect(bodies.size).toBe(1)
})

it('a stranger is told as well what the refusal took', async () => {
  for (const path of ['', '/models', '/nothing']) {
    const { headers } = await strange(world.url + path, {})
    expect(Number(headers.get('x-aic-overhead-us'))).toBeGreaterThan(0)
  }
})

it("never lets a stranger's body be read", async () => {
  const head = 'POST /work HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n'
  const { status, socket } = await sendRaw(world.port, head, /invalid_api_key/)
  expect(status).toBe(401)
  socket.destroy()
})

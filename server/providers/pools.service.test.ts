import { createServer } from 'node:http'
import { afterAll, describe, expect, test } from 'vitest'
import { InvalidInput } from '../lib/problems.ts'
import { testWorld } from '../test/world.ts'
import { discoverModels, ProviderNotReachable, testProvider } from './discovery.service.ts'
import { CredentialRequired } from './provider.ts'
import { createProvider, deleteProvider, updateProvider } from './providers.service.ts'
import { listMembers } from './providers.store.ts'

const world = await testWorld()
const administrator = await world.person('ADMINISTRATOR')
const models = createServer((_req, res) => res.end('{"data":[{"id":"gpt-4"}]}'))
await new Promise<void>((resolve) => models.listen(0, '127.0.0.1', resolve))
afterAll(() => models.close())
const { port }: { port: number } = Object(models.address())

let count = 0
const fresh = (more: object = {}) => ({
  name: `Provider ${++count}`,
  baseUrl: `http://127.0.0.1:${port}/v1`,
  authType: 'NONE',
  ...more,
})
const single = (more: object = {}) => createProvider(administrator, fresh(more))
const pool = (members: readonly object[], more: object = {}) =>
  createProvider(administrator, { name: `Pool ${++count}`, kind: 'POOL', members, ...more })
const pathsOf = async (work: Promise<unknown>) => {
  const error = await work.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(InvalidInput)
  return error instanceof InvalidInput ? error.issues.map(({ path }) => path) : []
}
const membersOf = (id: string) => listMembers(world.db.prisma, id)

describe('a pool', () => {
  test('is stored with its members and their audit entry, and has no address or credential', async () => {
    const [one, two] = [await single(), await single()]
    const row = await pool([
      { providerId: two.id, order: 2, weight: 3, models: [{ from: 'fast', to: 'gpt-4o-mini' }] },
      { providerId: one.id },
    ])
    expect(row).toMatchObject({ kind: 'POOL', baseUrl: null, sealedCredential: null, enabledModels: ['*'] })
    expect(await membersOf(row.id)).toEqual([
      { providerId: one.id, order: 1, weight: 1, models: [] },
      { providerId: two.id, order: 2, weight: 3, models: [{ from: 'fast', to: 'gpt-4o-mini' }] },
    ])
    const [entry] = await world.db.prisma.auditEntry.findMany({ where: { subjectId: row.id } })
    expect(entry?.after).toMatchObject({ members: [{ providerId: two.id, weight: 3 }, { providerId: one.id }] })
  })

  test('has other members after a change, with both in the audit entry', async () => {
    const [one, two] = [await single(), await single()]
    const row = await pool([{ providerId: one.id }])
    const edit = { id: row.id, members: [{ providerId: two.id, order: 1, weight: 1, models: [] }] }
    const after = await updateProvider(administrator, edit)
    expect(after.version).toBe(row.version + 1)
    expect((await membersOf(row.id)).map(({ providerId }) => providerId)).toEqual([two.id])
    // The same once more changes nothing.
    expect((await updateProvider(administrator, edit)).version).toBe(after.version)
    const entries = await world.db.prisma.auditEntry.findMany({
      where: { subjectId: row.id },
      orderBy: { seq: 'desc' },
    })
    expect(entries).toHaveLength(2)
    expect(entries[0]).toMatchObject({
      before: { members: [{ providerId: one.id }] },
      after: { members: [{ providerId: two.id }] },
    })
  })

  test.each(['baseUrl', 'credential', 'authType', 'apiVersion', 'maxConcurrency'])(
    'with a %s of its own is refused',
    async (path) => {
      const given = {
        baseUrl: 'https://example.com',
        credential: 'sk-1234',
        authType: 'BEARER',
        apiVersion: '2024-10-21',
      }
      const value = { ...given, maxConcurrency: 5 }[path]
      expect(await pathsOf(pool([{ providerId: (await single()).id }], { [path]: value }))).toEqual([path])
    },
  )

  test('has members that exist, are no pools, speak its language, and are named once', async () => {
    const one = await single()
    const anthropic = await single({ wireFormat: 'ANTHROPIC' })
    const azure = await single({ wireFormat: 'AZURE', apiVersion: '2024-10-21' })
    const inner = await pool([{ providerId: one.id }, { providerId: azure.id }])
    const gone = await deleteProvider(administrator, (await single()).id)
    const nobody = '01900000-0000-7000-8000-000000000000'
    const bad = [
      { providerId: nobody },
      { providerId: inner.id },
      { providerId: anthropic.id },
      { providerId: gone.id },
    ]
    expect(await pathsOf(pool([{ providerId: one.id }, ...bad]))).toEqual(
      [1, 2, 3, 4].map((at) => `members.${at}.providerId`),
    )
    expect(await pathsOf(pool([{ providerId: one.id }, { providerId: one.id }]))).toEqual(['members'])
    expect(await pathsOf(pool([]))).toEqual(['members'])
    expect(await pathsOf(createProvider(administrator, { name: 'No members', kind: 'POOL' }))).toEqual(['members'])
    expect(await pathsOf(pool([{ providerId: one.id, order: 0, weight: 0 }]))).toEqual([
      'members.0.order',
      'members.0.weight',
    ])
  })

  test('is tested by testing each member', async () => {
    const [up, down] = [await single(), await single({ baseUrl: 'http://127.0.0.1:1/v1' })]
    const row = await pool([{ providerId: up.id }, { providerId: down.id, order: 2 }])
    const result = await testProvider(administrator, row.id)
    expect(result).toMatchObject({ reachable: true, models: ['gpt-4'] })
    expect(result.members.map(({ provider, reachable }) => [provider.id, reachable])).toEqual([
      [up.id, true],
      [down.id, false],
    ])
    await expect(discoverModels(administrator, row.id)).rejects.toThrow(ProviderNotReachable)
  })
})

describe('a provider that is no pool', () => {
  test('has an address and a credential, and no members', async () => {
    const { id: providerId } = await single()
    expect(await pathsOf(single({ members: [{ providerId }] }))).toEqual(['members'])
    expect(await pathsOf(createProvider(administrator, { name: 'No address', authType: 'NONE' }))).toEqual(['baseUrl'])
    await expect(single({ authType: 'BEARER' })).rejects.toThrow(CredentialRequired)
  })

  test('goes on speaking the language of the pools that it is in', async () => {
    const one = await single()
    await pool([{ providerId: one.id }])
    const spoken = (wireFormat: string) =>
      updateProvider(administrator, { id: one.id, ...{ wireFormat, apiVersion: '2024-10-21' } })
    expect(await pathsOf(spoken('ANTHROPIC'))).toEqual(['wireFormat'])
    expect((await spoken('AZURE')).wireFormat).toBe('AZURE')
  })

  test('leaves the pools that it was in when it is deleted', async () => {
    const [one, two] = [await single(), await single()]
    const row = await pool([{ providerId: one.id }, { providerId: two.id }])
    await deleteProvider(administrator, one.id)
    expect((await membersOf(row.id)).map(({ providerId }) => providerId)).toEqual([two.id])
  })
})

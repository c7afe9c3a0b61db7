import { describe, expect, it } from 'vitest'
import { InvalidInput, NotFound } from '../lib/problems.ts'
import { mintSecret } from '../lib/secret.ts'
import { testWorld } from '../test/world.ts'
import { createAccessToken, listOwnAccessTokens, revokeAccessToken } from './access-tokens.service.ts'
import { findViewer } from './sign-in.service.ts'
import { updateUser } from './users.service.ts'

const world = await testWorld()
const { parts, db, clock } = world

describe('an access token', () => {
  it('is its person, with its scopes', async () => {
    const ada = await world.person('AUDITOR')
    const read = await createAccessToken(ada, { name: 'report', scopes: ['READ'] })
    const write = await createAccessToken(ada, { name: 'script', scopes: ['WRITE'] })
    expect(read.secret).toMatch(/^aicp_[0-9A-Za-z]{50}$/)
    expect(await findViewer(parts, { accessToken: read.secret })).toEqual({
      id: ada.viewer.id,
      username: ada.viewer.username,
      role: 'AUDITOR',
      via: 'access_token',
      proofId: read.token.id,
      scopes: ['READ'],
    })
    expect(await findViewer(parts, { accessToken: write.secret })).toMatchObject({ scopes: ['READ', 'WRITE'] })
  })

  it('opens nothing when a character differs, or when it is a gateway key or nothing', async () => {
    const { secret } = await createAccessToken(await world.person(), { name: 'script', scopes: ['READ'] })
    const bytes = (count: number) => parts.random.bytes(count)
    const wrong = [
      `${secret.slice(0, 20)}${secret.charAt(20) === 'a' ? 'b' : 'a'}${secret.slice(21)}`,
      mintSecret(bytes, 'aicp_'),
      mintSecret(bytes, 'aic_'),
      secret.replace('aicp_', 'aic_'),
      `${secret} `,
      '',
    ]
    for (const accessToken of wrong) expect(await findViewer(parts, { accessToken })).toBeNull()
  })

  it('expires at its instant and not before', async () => {
    const expiresAt = new Date(clock.now().getTime() + 60_000)
    const ada = await world.person()
    const { secret } = await createAccessToken(ada, { name: 'script', scopes: ['READ'], expiresAt })
    clock.set(new Date(expiresAt.getTime() - 1))
    expect(await findViewer(parts, { accessToken: secret })).not.toBeNull()
    clock.set(expiresAt)
    expect(await findViewer(parts, { accessToken: secret })).toBeNull()
    await expect(createAccessToken(ada, { name: 'script', scopes: ['READ'], expiresAt })).rejects.toThrow('future')
  })

  it('is written as used at most once a minute', async () => {
    const { secret, token } = await createAccessToken(await world.person(), { name: 'script', scopes: ['READ'] })
    const used = async () => {
      await findViewer(parts, { accessToken: secret })
      return (await db.prisma.accessToken.findUniqueOrThrow({ where: { id: token.id } })).lastUsedAt
    }
    const first = clock.now()
    expect(await used()).toEqual(first)
    clock.advance(59_999)
    expect(await used()).toEqual(first)
    clock.advance(1)
    expect(await used()).toEqual(clock.now())
  })

  it('can be revoked by its person alone', async () => {
    const [ada, eve] = [await world.person(), await world.person('ADMINISTRATOR')]
    const { secret, token } = await createAccessToken(ada, { name: 'script', scopes: ['WRITE'] })
    await expect(revokeAccessToken(eve, token.id)).rejects.toThrow(NotFound)
    await expect(revokeAccessToken(ada, 'x')).rejects.toThrow(NotFound)
    const { revokedAt } = await revokeAccessToken(ada, token.id)
    expect(await findViewer(parts, { accessToken: secret })).toBeNull()
    clock.advance(1000)
    expect((await revokeAccessToken(ada, token.id)).revokedAt).toEqual(revokedAt)
    const page = await listOwnAccessTokens(ada, {})
    expect(page.edges.map(({ node }) => node.id)).toEqual([token.id])
    expect(await (await listOwnAccessTokens(eve, {})).countAll()).toBe(0)
  })

  it('ends with the disabling of its person, for good', async () => {
    const [ada, administrator] = [await world.person(), await world.person('ADMINISTRATOR')]
    const { secret } = await createAccessToken(ada, { name: 'script', scopes: ['WRITE'] })
    await updateUser(administrator, { id: ada.viewer.id, active: false })
    expect(await findViewer(parts, { accessToken: secret })).toBeNull()
    await updateUser(administrator, { id: ada.viewer.id, active: true })
    expect(await findViewer(parts, { accessToken: secret })).toBeNull()
  })

  it('needs a name and a scope', async () => {
    const ada = await world.person()
    await expect(createAccessToken(ada, { name: 'a\0', scopes: [] })).rejects.toThrow(InvalidInput)
    expect(await (await listOwnAccessTokens(ada, {})).countAll()).toBe(0)
  })

  it('leaves no secret in the audit log', async () => {
    const ada = await world.person()
    const { secret } = await createAccessToken(ada, { name: 'script', scopes: ['READ'] })
    const [entry] = await db.prisma.auditEntry.findMany({ where: { actorId: ada.viewer.id } })
    expect(entry).toMatchObject({ action: 'createAccessToken', subjectName: 'script' })
    expect(JSON.stringify(entry?.after)).not.toContain(secret.slice(17, 49))
  })
})

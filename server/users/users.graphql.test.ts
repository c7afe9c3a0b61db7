import { describe, expect, it } from 'vitest'
import { askSchema } from '../test/ask-schema.ts'
import { testWorld } from '../test/world.ts'
import { createAccessToken } from './access-tokens.service.ts'
import { findViewer } from './sign-in.service.ts'
import { createUser } from './users.service.ts'
import type { Viewer } from './viewer.ts'

const world = await testWorld()
const { parts, db } = world
const administrator = await world.person('ADMINISTRATOR')
const password = 'correct horse battery'

async function ask(viewer: Viewer | null, source: string, variables?: Readonly<Record<string, unknown>>) {
  const cookies: (string | null)[] = []
  const session = { start: (token: string) => cookies.push(token), end: () => cookies.push(null) }
  return { ...(await askSchema({ parts, viewer, session }, source, variables)), cookies }
}

const details = 'id username displayName email role active createdAt createdBy { username role } deletedAt keyCount'
const signIn = `mutation ($input: SignInInput!) { signIn(input: $input) {
  __typename ... on SignInSuccess { viewer { ${details} } } ... on Problem { message } } }`

describe('signing in', () => {
  it('answers oneself with every detail, and sets the cookie', async () => {
    const { user } = await createUser(administrator, {
      username: 'Lovelace',
      displayName: 'Ada',
      email: 'a@b.example',
      password,
    })
    const answer = await ask(null, signIn, { input: { username: 'lovelace', password } })
    const viewer = {
      id: user.id,
      username: 'lovelace',
      displayName: 'Ada',
      email: 'a@b.example',
      role: 'USER',
      active: true,
    }
    // The person who made the account is somebody else: named, and no more.
    const createdBy = { username: administrator.viewer.username, role: null }
    expect(answer.data).toMatchObject({ signIn: { viewer: { ...viewer, createdBy, deletedAt: null, keyCount: 0 } } })
    expect(await findViewer(parts, { sessionToken: answer.cookies[0] ?? '' })).toMatchObject({ id: user.id })
  })

  it('names the fact that stopped it, and sets no cookie', async () => {
    const answer = await ask(null, signIn, { input: { username: 'lovelace', password: 'wrong' } })
    expect(answer).toMatchObject({ data: { signIn: { __typename: 'InvalidCredentials' } }, codes: [], cookies: [] })
  })
})

describe('a user', () => {
  const user = `query ($id: ID!) { user(id: $id) { ${details} } }`

  it('shows details to themselves, administrators and auditors', async () => {
    const [ada, auditor] = [await world.person(), await world.person('AUDITOR')]
    for (const { viewer } of [ada, auditor, administrator]) {
      const { data, codes } = await ask(viewer, user, { id: ada.viewer.id })
      expect([data, codes]).toMatchObject([{ user: { role: 'USER', active: true, keyCount: 0 } }, []])
    }
    expect((await ask(ada.viewer, user, { id: auditor.viewer.id })).data).toEqual({ user: null })
    expect((await ask(null, user, { id: ada.viewer.id })).codes).toEqual(['UNAUTHENTICATED'])
  })

  it('is only named where somebody else meets them', async () => {
    const { user } = await createUser(administrator, { username: 'grace', password })
    const viewer = { ...administrator.viewer, id: user.id, username: 'grace', role: 'USER' } as const
    const { data } = await ask(viewer, `{ viewer { createdBy { ${details} } } }`)
    expect(data).toEqual({
      viewer: {
        createdBy: {
          id: administrator.viewer.id,
          username: administrator.viewer.username,
          displayName: administrator.viewer.username,
          ...{
            email: null,
            role: null,
            active: null,
            createdAt: null,
            createdBy: null,
            deletedAt: null,
            keyCount: null,
          },
        },
      },
    })
  })
})

it('says who may ask what', async () => {
  const [ada, auditor] = [await world.person(), await world.person('AUDITOR')]
  const users = '{ users(first: 1) { totalCount nodes { id } edges { cursor node { email createdBy { id } } } } }'
  expect((await ask(null, '{ setupRequired viewer { id } }')).data).toEqual({ setupRequired: true, viewer: null })
  expect((await ask(null, users)).codes).toEqual(['UNAUTHENTICATED'])
  expect((await ask(ada.viewer, users)).codes).toEqual(['FORBIDDEN'])
  expect((await ask(auditor.viewer, users)).codes).toEqual([])
  expect((await ask(null, '{ sessions { totalCount } }')).codes).toEqual(['UNAUTHENTICATED'])
  expect((await ask(null, '{ accessTokens { totalCount } }')).codes).toEqual(['UNAUTHENTICATED'])
})

describe('a mutation', () => {
  const input = { id: administrator.viewer.id, userId: administrator.viewer.id, name: 'token', scopes: ['READ'] }
  const ofAdministrators = {
    createUser: { username: 'nobody-else' },
    updateUser: { id: input.id, active: false },
    deleteUser: { id: input.id },
    resetPassword: { userId: input.userId },
  }
  const ofSessions = {
    createAccessToken: { name: input.name, scopes: input.scopes },
    revokeAccessToken: { id: input.id },
    changePassword: { currentPassword: password, newPassword: password },
    signOut: {},
  }
  const ofWriters = { endSession: { id: input.id } }
  const call = (viewer: Viewer | null, name: string, given: object) => {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input!`
    return ask(viewer, `mutation ($input: ${type}) { ${name}(input: $input) { __typename } }`, { input: given })
  }

  it.each(Object.entries({ ...ofAdministrators, ...ofSessions, ...ofWriters }))(
    '%s does nothing for nobody',
    async (name, given) => {
      expect((await call(null, name, given)).codes).toEqual(['UNAUTHENTICATED'])
    },
  )

  it.each(Object.entries(ofAdministrators))('%s is refused to users and auditors', async (name, given) => {
    const count = await db.prisma.auditEntry.count()
    for (const role of ['USER', 'AUDITOR'] as const) {
      expect((await call((await world.person(role)).viewer, name, given)).codes).toEqual(['FORBIDDEN'])
    }
    expect(await db.prisma.auditEntry.count()).toBe(count)
  })

  it.each(Object.entries(ofSessions))('%s is refused to an access token', async (name, given) => {
    const { secret } = await createAccessToken(administrator, { name: 'script', scopes: ['WRITE'] })
    expect((await call(await findViewer(parts, { accessToken: secret }), name, given)).codes).toEqual(['FORBIDDEN'])
  })

  it.each(Object.entries({ ...ofAdministrators, ...ofWriters }))(
    '%s is refused to a token that only reads',
    async (name, given) => {
      const { secret } = await createAccessToken(administrator, { name: 'report', scopes: ['READ'] })
      const viewer = await findViewer(parts, { accessToken: secret })
      expect((await call(viewer, name, given)).codes).toEqual(['FORBIDDEN'])
      expect((await ask(viewer, '{ viewer { role } }')).data).toEqual({ viewer: { role: 'ADMINISTRATOR' } })
    },
  )
})

it('shows an access token once, and its list without the secret', async () => {
  const ada = await world.person()
  const { data } = await ask(
    ada.viewer,
    `mutation { createAccessToken(input: { name: "script", scopes: [WRITE] }) {
      ... on CreateAccessTokenSuccess { secret accessToken { id prefix lastFour scopes expiresAt revokedAt } } } }`,
  )
  const made: { secret: string } = Reflect.get(Object(data), 'createAccessToken')
  expect(made).toMatchObject({
    accessToken: { prefix: made.secret.slice(0, 17), lastFour: made.secret.slice(-4), scopes: ['READ', 'WRITE'] },
  })
  const list = await ask(ada.viewer, '{ accessTokens { totalCount nodes { prefix name lastUsedAt } } }')
  expect(list.data).toEqual({
    accessTokens: { totalCount: 1, nodes: [{ prefix: made.secret.slice(0, 17), name: 'script', lastUsedAt: null }] },
  })
  expect(JSON.stringify(list)).not.toContain(made.secret.slice(17, 49))
})

it('marks the session that asks, and removes its cookie when it ends', async () => {
  await createUser(administrator, { username: 'Turing', password })
  const { cookies } = await ask(null, signIn, { input: { username: 'turing', password } })
  const viewer = await findViewer(parts, { sessionToken: cookies[0] ?? '' })
  await ask(null, signIn, { input: { username: 'turing', password } })
  const list = await ask(viewer, '{ sessions { nodes { current address } } }')
  const current = expect.arrayContaining([
    { current: true, address: '192.0.2.1' },
    { current: false, address: '192.0.2.1' },
  ])
  expect(list.data).toEqual({ sessions: { nodes: current } })
  const out = await ask(viewer, 'mutation { signOut { ... on SignOutSuccess { signedOut } } }')
  expect(out).toMatchObject({ data: { signOut: { signedOut: true } }, cookies: [null] })
  expect(await findViewer(parts, { sessionToken: cookies[0] ?? '' })).toBeNull()
})

it('says everything that is wrong with an input', async () => {
  const { data } = await ask(
    administrator.viewer,
    `mutation { createUser(input: { username: "a", email: "b", password: "c" }) {
      __typename ... on InvalidInput { issues { path } } } }`,
  )
  const issues = [{ path: 'username' }, { path: 'email' }, { path: 'password' }]
  expect(data).toEqual({ createUser: { __typename: 'InvalidInput', issues } })
})

import { change } from '../lib/change.ts'
import { type PageArgs, toKeyset, toPage } from '../lib/page.ts'
import { NotFound } from '../lib/problems.ts'
import { mintSecret, toStoredSecret } from '../lib/secret.ts'
import { isId, parse } from '../lib/text.ts'
import { type AccessToken, type NewAccessToken, newAccessTokenSchema } from './access-token.ts'
import { countTokens, findToken, insertToken, listTokens, revokeTokens } from './access-tokens.store.ts'
import type { Act } from './viewer.ts'

/** The viewer's own tokens, revoked and expired ones too, the newest first. */
export async function listOwnAccessTokens({ parts, viewer }: Act, args: PageArgs) {
  const where = { userId: viewer.id }
  const sorting = { column: 'createdAt', direction: 'desc', nullable: false, dates: true } as const
  const rows = await listTokens(parts.db.prisma, where, toKeyset(args, sorting))
  const page = toPage(rows, args, sorting)
  return { ...page, countAll: () => countTokens(parts.db.prisma, where) }
}

/** Makes a token of the viewer's. `secret` is the whole token, which is stored nowhere. Throws `InvalidInput`. */
export async function createAccessToken(
  act: Act,
  input: NewAccessToken,
): Promise<{ readonly token: AccessToken; readonly secret: string }> {
  const { parts, viewer } = act
  const now = parts.clock.now()
  const { name, scopes, expiresAt } = parse(newAccessTokenSchema(now), input)
  const secret = mintSecret((count) => parts.random.bytes(count), 'aicp_')
  const token = await change(act, async (tx, record) => {
    const made = await insertToken(tx, {
      id: parts.random.uuidv7(),
      userId: viewer.id,
      name,
      scopes,
      createdAt: now,
      expiresAt: expiresAt ?? null,
      ...toStoredSecret(parts.keyring, secret, 'aicp_'),
    })
    const { id, publicId } = made
    const after = { publicId, scopes, expiresAt: made.expiresAt }
    record({ action: 'createAccessToken', subjectType: 'AccessToken', subjectId: id, subjectName: name, after })
    return made
  })
  return { token, secret }
}

/** Ends one of the viewer's own tokens at once; ending it again changes nothing. `NotFound` for anybody else's. */
export async function revokeAccessToken(act: Act, id: string): Promise<AccessToken> {
  const { parts, viewer } = act
  if (!isId(id)) throw new NotFound('access token')
  return change(act, async (tx, record) => {
    const where = { id, userId: viewer.id }
    const [revoked] = await revokeTokens(tx, where, parts.clock.now())
    const token = revoked ?? (await findToken(tx, where))
    if (!token) throw new NotFound('access token')
    if (revoked) {
      record({ action: 'revokeAccessToken', subjectType: 'AccessToken', subjectId: id, subjectName: token.name })
    }
    return token
  })
}

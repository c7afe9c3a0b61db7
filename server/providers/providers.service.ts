import { change } from '../lib/change.ts'
import type { Tx } from '../lib/db.ts'
import { differences } from '../lib/differences.ts'
import { type Order, type PageArgs, toKeyset, toPage, toSorting } from '../lib/page.ts'
import type { Parts } from '../lib/parts.ts'
import { InvalidInput, NameTaken, NotFound } from '../lib/problems.ts'
import { seal } from '../lib/seal.ts'
import { isId, parse, parseEdit } from '../lib/text.ts'
import { violationOf } from '../lib/unique.ts'
import { UrlRefused } from '../lib/url-policy.ts'
import { type Act, seesAll } from '../users/viewer.ts'
import { issuesOfKind, type Member } from './pool.ts'
import { requireAgreement, requireMembers } from './pools.service.ts'
import {
  CredentialRequired,
  credentialPlace,
  newProviderSchema,
  providerEditSchema,
  subjectOf,
  UrlNotAllowed,
} from './provider.ts'
import * as store from './providers.store.ts'

type Provider = store.ProviderRow

const SORT = {
  NAME: { column: 'name', nullable: false, dates: false },
  CREATED_AT: { column: 'createdAt', nullable: false, dates: true },
} as const

/** Users see the providers they can use; administrators and auditors see the disabled ones too. */
const visibleTo = ({ viewer }: Act) => (seesAll(viewer) ? {} : { enabled: true, deletedAt: null })

/** A page of the providers the viewer may see; `query` says which relations to load with them. */
export async function listProviders(
  act: Act,
  args: PageArgs,
  filter: store.ProviderFilter,
  order: Order<keyof typeof SORT>,
  query: object,
) {
  const { prisma } = act.parts.db
  const where = { AND: [visibleTo(act), store.toWhere(filter)] }
  const sorting = toSorting(SORT, order)
  const rows = await store.listProviders(prisma, where, toKeyset(args, sorting), query)
  const page = toPage(rows, args, sorting)
  return { ...page, countAll: () => store.countProviders(prisma, where) }
}

/** Null when there is none of this id, or it is not the viewer's to see. */
export async function findProvider(act: Act, id: string): Promise<Provider | null> {
  return isId(id) ? store.findProvider(act.parts.db.prisma, { AND: [visibleTo(act), { id }] }) : null
}

async function requireAllowed(parts: Parts, url: string) {
  try {
    await parts.outgoing.checkUrl(url)
  } catch (error) {
    throw error instanceof UrlRefused ? new UrlNotAllowed(error.message) : error
  }
}

type Settings = Partial<Pick<Provider, 'authType' | 'authHeader' | 'wireFormat' | 'apiVersion'>>

/** Some settings are only whole with another one. */
function requireWhole({ authType, authHeader, wireFormat, apiVersion }: Settings): void {
  if (authType === 'HEADER' && !authHeader) {
    throw new InvalidInput([{ path: 'authHeader', message: 'is needed for this way to authenticate.' }])
  }
  if (wireFormat === 'AZURE' && !apiVersion) {
    throw new InvalidInput([{ path: 'apiVersion', message: 'is needed for this wire format.' }])
  }
}

/** What is stored and shown of a credential. An undefined one changes nothing, null removes it. */
function sealed(parts: Parts, id: string, credential: string | null | undefined) {
  if (credential === undefined) return {}
  if (credential === null) return { sealedCredential: null, credentialLastFour: null }
  return {
    sealedCredential: new Uint8Array(seal(parts.keyring, credentialPlace(id), credential)),
    // Of a very short credential, four characters would be most of it.
    credentialLastFour: credential.length >= 12 ? credential.slice(-4) : '',
  }
}

const nameTaken = violationOf('providers_name_live_key', () => new NameTaken('provider'))

/** For the audit log: a credential shows as its last four. */
const auditable = (values: Readonly<Record<string, unknown>>) => {
  const { sealedCredential: _, ...shown } = values
  return shown
}

/** Throws `InvalidInput`, `NameTaken`, `UrlNotAllowed`, `CredentialRequired`. */
export async function createProvider(act: Act, input: unknown): Promise<Provider> {
  const { parts } = act
  const { credential, members, ...values } = parse(newProviderSchema, input)
  requireWhole(values)
  requireKind(values.kind, { ...values, credential, members })
  if (values.kind === 'POOL' && !members) throw new InvalidInput([{ path: 'members', message: 'are needed.' }])
  if (values.kind === 'SINGLE') await requireOwn(parts, values, credential)
  const authType = values.kind === 'POOL' ? 'NONE' : (values.authType ?? 'BEARER')
  const id = parts.random.uuidv7()
  const data = {
    enabledModels: ['*'],
    ...values,
    authType,
    ...sealed(parts, id, authType === 'NONE' ? null : (credential ?? null)),
    createdAt: parts.clock.now(),
  }
  return change(act, async (tx, record) => {
    if (members) await requireMembers(tx, values.wireFormat ?? 'OPENAI', members)
    const row = await store.insertProvider(tx, { id, ...data }, members ?? [])
    record({
      action: 'createProvider',
      ...subjectOf(row),
      after: auditable({ ...data, ...(members && { members }) }),
    })
    return row
  }).catch(nameTaken)
}

type Given = { readonly baseUrl?: string | undefined; readonly authType?: string | undefined }

/** What a provider that is no pool has for itself. */
async function requireOwn(parts: Parts, { baseUrl, authType }: Given, credential: string | null | undefined) {
  if (baseUrl === undefined) throw new InvalidInput([{ path: 'baseUrl', message: 'is needed.' }])
  await requireAllowed(parts, baseUrl)
  if (authType !== 'NONE' && !credential) {
    throw new CredentialRequired('The provider needs a credential, unless it is asked without one.')
  }
}

function requireKind(kind: Provider['kind'], given: Readonly<Record<string, unknown>>): void {
  const issues = [...issuesOfKind(kind, given)]
  if (issues.length > 0) throw new InvalidInput(issues)
}

const keep = <Value>(given: Value | undefined, stored: Value) => (given === undefined ? stored : given)

const originOf = (url: string) => new URL(url).origin

type Edit = Omit<ReturnType<typeof readEdit>, 'credential'> & { credential?: string | null | undefined }

const readEdit = (input: object) =>
  parseEdit(providerEditSchema, input, ['authHeader', 'apiVersion', 'maxConcurrency', 'credential'])

/** A credential goes only to the host it was given for, so that nobody can have it sent to one of their own. */
function requireCredential(row: Provider, edit: Edit) {
  const authType = edit.authType ?? row.authType
  if (authType === 'NONE') return null
  const moved = edit.baseUrl !== undefined && originOf(edit.baseUrl) !== originOf(row.baseUrl ?? '')
  if (moved && !edit.credential) throw new CredentialRequired('A new host needs the credential again.')
  if (!edit.credential && (edit.credential === null || !row.sealedCredential)) {
    throw new CredentialRequired('The provider needs a credential, unless it is asked without one.')
  }
  return edit.credential
}

function changesOf(
  parts: Parts,
  row: Provider,
  { credential: _, ...edit }: Edit,
  credential: string | null | undefined,
) {
  const drops = credential === null && !row.sealedCredential
  return { ...differences(row, edit)?.after, ...(drops ? {} : sealed(parts, row.id, credential)) }
}

async function getProvider(tx: Tx, id: string): Promise<Provider> {
  const row = isId(id) ? await store.lockProvider(tx, id) : null
  if (!row) throw new NotFound('provider')
  return row
}

/** Throws what `createProvider` does, and `NotFound`. */
export async function updateProvider(act: Act, { id, ...input }: { readonly id: string }): Promise<Provider> {
  const { parts } = act
  const edit = readEdit(input)
  if (edit.baseUrl !== undefined) await requireAllowed(parts, edit.baseUrl)
  return change(act, async (tx, record) => {
    const row = { ...(await getProvider(tx, id)), members: await store.listMembers(tx, id) }
    await requireFitting(tx, row, edit)
    const after = changesOf(parts, row, edit, requireCredential(row, edit))
    if (Object.keys(after).length === 0) return row
    const names = Object.keys(after)
    const before = Object.fromEntries(Object.entries(row).filter(([member]) => names.includes(member)))
    record({ action: 'updateProvider', ...subjectOf(row), before: auditable(before), after: auditable(after) })
    const { members, ...values } = after
    return store.updateProvider(tx, id, values, members)
  }).catch(nameTaken)
}

/** What is changed fits what stays, and the pools that the provider is in. Throws `InvalidInput`. */
async function requireFitting(tx: Tx, row: Provider & { readonly members: readonly Member[] }, edit: Edit) {
  const wireFormat = keep(edit.wireFormat, row.wireFormat)
  requireKind(row.kind, edit)
  requireWhole({
    authType: keep(edit.authType, row.authType),
    authHeader: keep(edit.authHeader, row.authHeader),
    wireFormat,
    apiVersion: keep(edit.apiVersion, row.apiVersion),
  })
  if (row.kind === 'POOL') await requireMembers(tx, wireFormat, edit.members ?? row.members)
  else if (wireFormat !== row.wireFormat) await requireAgreement(tx, row.id, wireFormat)
}

/** Its keys stop working with it: they are `DISABLED`. Throws `NotFound`. */
export async function deleteProvider(act: Act, id: string): Promise<Provider> {
  return change(act, async (tx, record) => {
    const row = await getProvider(tx, id)
    const deletedAt = act.parts.clock.now()
    record({ action: 'deleteProvider', ...subjectOf(row), after: { deletedAt } })
    return store.updateProvider(tx, id, { deletedAt, sealedCredential: null })
  })
}

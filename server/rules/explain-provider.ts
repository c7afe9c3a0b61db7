import type { Keyring } from '../lib/keyring.ts'
import type { Logger } from '../lib/log.ts'
import { readCredential, type WithCredential } from '../providers/credential.ts'
import { compileModels, isNameable } from '../providers/model.ts'
import { type Askable, askMember, type Member } from '../providers/pool.ts'
import type { AccessVerdict } from './access.ts'

type Single = WithCredential & {
  readonly name: string
  readonly enabled: boolean
  readonly enabledModels: readonly string[]
}
type Provider = Single & {
  readonly kind: 'SINGLE' | 'POOL'
  readonly members: readonly (Member & { readonly provider: Single })[]
}
type Needs = { readonly keyring: Keyring; readonly log: Logger }
type Explained = { readonly verdict: AccessVerdict; readonly askable: readonly Askable[] }

/** Whether a provider, or a pool, can be asked for a model, and who of it: what the gateway finds. */
export function explainProvider(needs: Needs, provider: Provider, model: string): Explained {
  const of = (allowed: boolean, message: string): AccessVerdict => {
    return { layer: 'PROVIDER_MODELS', allowed, message, id: provider.id, name: provider.name }
  }
  const askable = provider.kind === 'POOL' ? askableMembers(needs, provider, model) : [itself(provider)]
  if (!compileModels(provider.enabledModels)(model)) {
    return { verdict: of(false, 'The provider does not enable this model.'), askable }
  }
  if (provider.kind === 'SINGLE') return { verdict: ofSingle(needs, provider, model, of), askable }
  const [count, all] = [askable.length, provider.members.length]
  const message = `${count === 0 ? 'None' : count} of the ${all} providers of the pool can be asked for this model.`
  return { verdict: of(count > 0, message), askable }
}

const itself = ({ id }: Single): Askable => ({ providerId: id, model: null })

function ofSingle(
  { keyring, log }: Needs,
  provider: Single,
  model: string,
  of: (allowed: boolean, message: string) => AccessVerdict,
): AccessVerdict {
  if (!isNameable(provider, model)) return of(false, 'This is not the name of a model.')
  if (readCredential(keyring, log, provider) === null) {
    return of(false, 'The credential for the provider cannot be used.')
  }
  return of(true, 'The provider enables this model.')
}

function askableMembers({ keyring, log }: Needs, { members }: Provider, model: string): readonly Askable[] {
  return members.flatMap((member) => {
    const { enabled, wireFormat, enabledModels } = member.provider
    const credential = readCredential(keyring, log, member.provider)
    return askMember(member, { enabled, wireFormat, credential, allows: compileModels(enabledModels) }, model) ?? []
  })
}

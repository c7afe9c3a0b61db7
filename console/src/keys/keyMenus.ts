import { computed, type Ref } from 'vue'
import { useProviderChoices } from '../providers/choices.ts'
import { useLiveQuery } from '../query.ts'
import type { Filter } from '../ui/filters.ts'
import { useUserChoices } from '../users/choices.ts'
import { type Key, KeyTypes } from './documents.ts'
import { reviewLooks, statusLooks } from './key.ts'
import type { KeyFilterValues, KeyScope } from './keyList.ts'

/** The filters of a key list with what there is to choose. */
export function useKeyMenus(
  scope: KeyScope,
  values: Readonly<Ref<KeyFilterValues>>,
  rows: Readonly<Ref<readonly Key[]>>,
) {
  const isMine = () => scope === 'mine'
  const providers = useProviderChoices()
  const owners = useUserChoices(() => values.value.owner, isMine)
  const creators = useUserChoices(() => values.value.creator, isMine)
  const types = useLiveQuery(KeyTypes, {})
  const looks = (of: typeof statusLooks | typeof reviewLooks) =>
    Object.entries(of).map(([value, look]) => ({ value, label: look.label, icon: look.icon }))
  // What people write freely grows with them, so the menus offer what was seen.
  const seen = (pick: (key: Key) => string | null, chosen: string) =>
    [...new Set([...rows.value.map(pick), chosen])]
      .flatMap((value) => (value ? [{ value, label: value }] : []))
      .sort((a, b) => a.label.localeCompare(b.label))

  return computed<Filter[]>(() => [
    { name: 'status', label: 'Status', icon: 'i-lucide-circle-dot', isMany: true, choices: looks(statusLooks) },
    {
      name: 'type',
      label: 'Type',
      icon: 'i-lucide-tag',
      isMany: true,
      choices: (types.data.value?.keyTypes ?? []).map((value) => ({ value, label: value })),
    },
    { name: 'provider', label: 'Provider', icon: 'i-lucide-plug', choices: providers.choices.value },
    {
      name: 'application',
      label: 'Application',
      icon: 'i-lucide-app-window',
      choices: seen((key) => key.application, values.value.application),
    },
    {
      name: 'environment',
      label: 'Environment',
      icon: 'i-lucide-server',
      choices: seen((key) => key.environment, values.value.environment),
    },
    ...(isMine()
      ? []
      : [
          {
            name: 'owner',
            label: 'Owner',
            icon: 'i-lucide-user',
            choices: owners.choices.value,
            onSearch: owners.search,
          },
          {
            name: 'creator',
            label: 'Creator',
            icon: 'i-lucide-user-pen',
            choices: creators.choices.value,
            onSearch: creators.search,
          },
        ]),
    { name: 'review', label: 'Review', icon: 'i-lucide-list-checks', isMany: true, choices: looks(reviewLooks) },
  ])
}

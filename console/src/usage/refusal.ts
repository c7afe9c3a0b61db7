import type { ResultOf } from '../graphql.ts'
import type { ExplainAccess } from '../rules/documents.ts'

type Explanation = NonNullable<ResultOf<typeof ExplainAccess>['explainAccess']>
export type Layer = Explanation['verdicts'][number]['layer']

const labels = {
  ADDRESS: 'Addresses of the key',
  KEY: 'The key itself',
  KEY_RESTRICTION: 'Restrictions of the key',
  LIMIT: 'Limits',
  PROVIDER_MODELS: 'Models of the provider',
  RULE: 'Rules',
} as const satisfies Record<Layer, string>

/** What a layer is called, and the page that shows the thing that decided; no page without a thing. */
export function toLayer(verdict: { readonly layer: Layer; readonly id: string | null }): {
  readonly label: string
  readonly to: string | null
} {
  const label = labels[verdict.layer]
  const { id } = verdict
  if (verdict.layer === 'RULE') return { label, to: id === null ? '/admin/rules' : `/admin/rules?rule=${id}` }
  if (id === null) return { label, to: null }
  if (verdict.layer === 'LIMIT') return { label, to: `/admin/limits?limit=${id}` }
  if (verdict.layer === 'PROVIDER_MODELS') return { label, to: `/admin/providers?provider=${id}` }
  return { label, to: `/keys/${id}` }
}

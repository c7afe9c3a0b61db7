import { expect, test } from 'vitest'
import { toLayer } from './refusal.ts'

test('what refused a request is one click away', () => {
  expect(toLayer({ layer: 'RULE', id: 'r1' }).to).toBe('/admin/rules?rule=r1')
  expect(toLayer({ layer: 'LIMIT', id: 'l1' }).to).toBe('/admin/limits?limit=l1')
  expect(toLayer({ layer: 'ADDRESS', id: 'k1' }).to).toBe('/keys/k1')
  expect(toLayer({ layer: 'PROVIDER_MODELS', id: 'p1' }).to).toBe('/admin/providers?provider=p1')
})

test('when no rule allows it, the way leads to all rules', () => {
  expect(toLayer({ layer: 'RULE', id: null }).to).toBe('/admin/rules')
})

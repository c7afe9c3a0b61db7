import type { Meter } from '@opentelemetry/api'
import type { BreakerState } from '../lib/breaker.ts'
import type { Upstream } from './target.ts'

const LEVELS = { CLOSED: 0, HALF_OPEN: 1, OPEN: 2 } as const satisfies Record<BreakerState, number>

/** How providers are doing, by name, read when somebody scrapes. */
export function meterProviders(meter: Meter, upstreams: () => Iterable<Upstream>): void {
  meter
    .createObservableGauge('aic.provider.breaker', { description: '0 closed, 1 half open, 2 open.' })
    .addCallback((result) => {
      for (const { name, enabled, breaker } of upstreams())
        if (enabled) result.observe(LEVELS[breaker.state], { provider: name })
    })
  meter
    .createObservableGauge('aic.provider.requests', { description: 'Requests under way, and those that wait.' })
    .addCallback((result) => {
      for (const { name, enabled, places } of upstreams()) {
        if (!enabled) continue
        result.observe(places.taken, { provider: name, state: 'active' })
        result.observe(places.waiting, { provider: name, state: 'waiting' })
      }
    })
}

import type { Meter } from '@opentelemetry/api'
import type { BreakerState } from '../lib/breaker.ts'
import type { Directory } from './directory.ts'
import type { Admission } from './steps/admit.ts'

const LEVELS = { CLOSED: 0, HALF_OPEN: 1, OPEN: 2 } as const satisfies Record<BreakerState, number>

/** How the process and its providers, by name, are doing: read when somebody scrapes. */
export function meterGateway(meter: Meter, directory: Directory, admission: Admission): void {
  meterProviders(meter, directory)
  const gauge = (name: string, unit: string, description: string, read: () => number) =>
    meter.createObservableGauge(name, { unit, description }).addCallback((result) => result.observe(read()))
  gauge('aic.gateway.requests.active', '', 'Requests under way.', admission.running)
  gauge('aic.gateway.loop.delay', 's', 'How late the process comes to its work.', () => admission.delayMs() / 1000)
  meter
    .createObservableCounter('aic.gateway.shed', { description: 'Requests refused because of that delay.' })
    .addCallback((result) => result.observe(admission.shed()))
}

function meterProviders(meter: Meter, directory: Directory): void {
  meter
    .createObservableGauge('aic.provider.breaker', { description: '0 closed, 1 half open, 2 open.' })
    .addCallback((result) => {
      for (const { name, enabled, breaker } of directory.upstreams())
        if (enabled) result.observe(LEVELS[breaker.state], { provider: name })
    })
  meter
    .createObservableGauge('aic.provider.requests', { description: 'Requests under way, and those that wait.' })
    .addCallback((result) => {
      for (const { name, enabled, places } of directory.upstreams()) {
        if (!enabled) continue
        result.observe(places.taken, { provider: name, state: 'active' })
        result.observe(places.waiting, { provider: name, state: 'waiting' })
      }
    })
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Meter } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'

export type Metrics = {
  /** Makes instruments. No key id, user or prompt may be an attribute. */
  readonly meter: Meter
  /** Answers with everything in Prometheus' text form. */
  answer(req: IncomingMessage, res: ServerResponse): void
  stop(): Promise<void>
}

const LOOP_RESOLUTION_MS = 10
const NS_PER_S = 1e9

/** One set of instruments, read by whoever scrapes. It opens no port of its own. */
export function createMetrics(): Metrics {
  const exporter = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true, withoutTargetInfo: true })
  const provider = new MeterProvider({ readers: [exporter] })
  const meter = provider.getMeter('ai-controller')
  const stopWatching = watchProcess(meter)
  return {
    meter,
    answer: (req, res) => exporter.getMetricsRequestHandler(req, res),
    async stop() {
      stopWatching()
      await provider.shutdown()
    },
  }
}

/** What tells whether the process is well: how late its event loop is, and its memory. */
function watchProcess(meter: Meter): () => void {
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS })
  delay.enable()
  const p99 = meter.createObservableGauge('nodejs.eventloop.delay.p99', {
    unit: 's',
    description: 'Since the last scrape.',
  })
  const max = meter.createObservableGauge('nodejs.eventloop.delay.max', {
    unit: 's',
    description: 'Since the last scrape.',
  })
  meter.addBatchObservableCallback(
    (result) => {
      result.observe(p99, delay.percentile(99) / NS_PER_S)
      result.observe(max, delay.max / NS_PER_S)
      delay.reset()
    },
    [p99, max],
  )
  meter
    .createObservableGauge('process.memory.usage', { unit: 'By', description: 'Resident memory.' })
    .addCallback((result) => result.observe(process.memoryUsage.rss()))
  meter
    .createObservableCounter('process.cpu.time', { unit: 's', description: 'User and system time.' })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage()
      result.observe((user + system) / 1e6)
    })
  return () => delay.disable()
}

import type { ServerResponse } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Meter } from '@opentelemetry/api'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { type CollectionResult, MeterProvider } from '@opentelemetry/sdk-metrics'
import { hrTime, type Tally } from './tally.ts'

export type Metrics = {
  /** Makes instruments. No key id, user or prompt may be an attribute. */
  readonly meter: Meter
  /** Takes in what is counted with every request. No key id, user or prompt may be an attribute. */
  add(...tallies: readonly Tally[]): void
  /** Everything in Prometheus' text form. */
  read(): Promise<string>
}

const LOOP_RESOLUTION_MS = 10
const NS_PER_S = 1e9
const SCOPE = 'ai-controller'

/** One set of instruments, read by whoever scrapes. It opens no port of its own. */
export function createMetrics(): Metrics {
  const exporter = new Exporter({ preventServerStart: true })
  // Without a prefix, times and labels of the resource; without `target_info` and `otel_scope_info`.
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true)
  const meter = new MeterProvider({ readers: [exporter] }).getMeter(SCOPE)
  watchProcess(meter)
  return {
    meter,
    add: (...tallies) => void exporter.tallies.push(...tallies),
    read: async () => serializer.serialize((await exporter.collect()).resourceMetrics),
  }
}

/** Sends what `read` answered. */
export function answerMetrics(res: ServerResponse, text: string): void {
  res.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' })
  res.end(text)
}

class Exporter extends PrometheusExporter {
  readonly tallies: Tally[] = []

  override async collect(...options: Parameters<PrometheusExporter['collect']>): Promise<CollectionResult> {
    const { resourceMetrics, errors } = await super.collect(...options)
    const now = hrTime()
    const counted = { scope: { name: SCOPE }, metrics: this.tallies.map((tally) => tally.read(now)) }
    const scopeMetrics = [...resourceMetrics.scopeMetrics, counted]
    return { resourceMetrics: { ...resourceMetrics, scopeMetrics }, errors }
  }
}

/** What tells whether the process is well: how late its event loop is, and its memory. */
function watchProcess(meter: Meter): void {
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
}

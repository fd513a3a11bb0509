/** `GET /metrics`: the status surface as numbers, and the process that it comes from, in Prometheus' text format. */
import type { z } from 'zod'
import { type BackendStatus, type ComponentStatus, componentStatusSchema, modeSchema, type Status } from '../../shared/status'
import { type DataPlaneFigures, outcomes } from './data/traffic'

type PromClient = typeof import('prom-client')

interface Metric {
  /** `thatdam_THING_UNIT`, and `_total` at the end of a counter. */
  readonly name: string
  readonly help: string
  readonly type: 'gauge' | 'counter'
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[]
}

/** What the status surface does not say. */
export interface Figures extends DataPlaneFigures {
  /** What the embedded index keeps in memory; absent before it is open. */
  readonly index?: { readonly vectors: number; readonly bytes: number }
}

/** The text of one scrape. The library is loaded at the first one: a node that nobody scrapes does not pay for it. */
export async function renderMetrics(status: Status, figures: Figures): Promise<string> {
  // CommonJS: what a bundle or Node does not recognise as a named export is on `default`.
  const client = (await import('prom-client')).default
  // A fresh registry each time. The status holds absolute values, and a label that is gone must not linger.
  const registry = new client.Registry()
  for (const metric of [...metricsOf(status), ...dataMetrics(figures), ...processMetrics()]) register(client, registry, metric)
  return registry.metrics()
}

/**
 * The process, under the names that Prometheus' clients have agreed on. The library's own collector is left out: it counts
 * from the first scrape on, and its sampler of the event loop keeps an idle node busy from then on.
 */
function processMetrics(): Metric[] {
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
  const one = (type: Metric['type'], name: string, help: string, value: number): Metric => ({ name, help, type, samples: [{ value }] })
  return [
    one('counter', 'process_cpu_user_seconds_total', 'Processor time spent in this process.', user / 1e6),
    one('counter', 'process_cpu_system_seconds_total', 'Processor time spent by the system for this process.', system / 1e6),
    one('counter', 'process_cpu_seconds_total', 'Processor time of this process in all.', (user + system) / 1e6),
    one('gauge', 'process_start_time_seconds', 'When this process began, in seconds since the epoch.', performance.timeOrigin / 1000),
    one('gauge', 'process_resident_memory_bytes', 'Memory of this process that is in use.', rss),
    one('gauge', 'nodejs_heap_size_used_bytes', 'Heap in use.', heapUsed),
    one('gauge', 'nodejs_heap_size_total_bytes', 'Heap taken from the system.', heapTotal),
    one('gauge', 'nodejs_external_memory_bytes', 'Memory outside the heap that it refers to.', external),
  ]
}

function register(client: PromClient, registry: InstanceType<PromClient['Registry']>, { name, help, type, samples }: Metric): void {
  const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels ?? {})))]
  const metric = new client[type === 'gauge' ? 'Gauge' : 'Counter']({ name, help, labelNames, registers: [registry] })
  for (const { labels = {}, value } of samples) metric.inc(labels, value)
}

function dataMetrics({ requests, consumers, traffic, index }: Figures): Metric[] {
  return [
    gauge('thatdam_data_requests', 'Requests of the data plane that are being worked on.', [{ value: requests }]),
    gauge('thatdam_data_consumers', 'Open streams of deliveries.', [{ value: consumers }]),
    counter(
      'thatdam_data_requests_total',
      'Requests of the data plane by what became of them.',
      traffic.flatMap(({ port, requests: all }) => outcomes.map((outcome) => ({ labels: { port, outcome }, value: all[outcome] }))),
    ),
    counter(
      'thatdam_data_bytes_total',
      'Bytes of bodies that programs sent and of those that they got.',
      traffic.flatMap(({ port, received, sent }) => [
        { labels: { port, direction: 'received' }, value: received },
        { labels: { port, direction: 'sent' }, value: sent },
      ]),
    ),
    ...(index === undefined
      ? []
      : [
          gauge('thatdam_index_vectors', 'Vectors that the embedded index keeps in memory.', [{ value: index.vectors }]),
          gauge('thatdam_index_memory_bytes', 'Memory that they take, with their metadata.', [{ value: index.bytes }]),
        ]),
  ]
}

function metricsOf(status: Status): Metric[] {
  return [...nodeMetrics(status), ...componentMetrics(status), ...backendMetrics(status)]
}

function nodeMetrics({ version, role, converged, resources, pass, warnings }: Status): Metric[] {
  const metrics = [
    gauge('thatdam_info', 'Version and role of this node; always 1.', [{ labels: { version, role }, value: 1 }]),
    gauge('thatdam_converged', 'Whether nothing is left that the node can do: 1 or 0.', [{ value: Number(converged) }]),
    gauge('thatdam_resources', 'Resources that the profile asks for.', [{ value: resources }]),
    gauge('thatdam_warnings', 'Things that work but deserve a look.', [{ value: warnings.length }]),
    counter('thatdam_pass_total', 'Passes made.', [{ value: pass?.number ?? 0 }]),
  ]
  if (pass === null) return metrics
  const seconds = { value: pass.duration_ms / 1000 }
  return [
    ...metrics,
    gauge('thatdam_pass_duration_seconds', 'How long the last pass took.', [seconds]),
    gauge('thatdam_pass_timestamp_seconds', 'When the last pass was made, in seconds since the epoch.', [
      { value: Date.parse(pass.at) / 1000 },
    ]),
  ]
}

type Row<T> = readonly [name: string, help: string, value: (subject: T) => number]

const componentGauges: readonly Row<ComponentStatus>[] = [
  ['thatdam_component_changes', 'Rows that the last pass applied.', ({ changes }) => changes],
  ['thatdam_component_errors', 'Errors that the component is in.', ({ errors }) => errors.length],
  ['thatdam_component_needs_migration', 'Resources that differ in a way that cannot be added.', (state) => state.needs_migration.length],
  ['thatdam_component_duration_seconds', 'How long the last look at the component took.', (state) => state.duration_ms / 1000],
]

const backendGauges: readonly Row<BackendStatus>[] = [
  ['thatdam_backend_held', 'Whether a person asked to work locally: 1 or 0.', ({ held }) => Number(held)],
  ['thatdam_backend_backlog_items', 'Items that wait for the external backend.', ({ backlog }) => backlog.items],
  ['thatdam_backend_backlog_bytes', 'Bytes that wait for the external backend.', ({ backlog }) => backlog.bytes],
  ['thatdam_backend_conflicts', 'Conflicts found while catching up.', ({ conflicts }) => conflicts],
]

function componentMetrics({ components }: Status): Metric[] {
  const all = Object.entries(components)
  const status = all.flatMap(([component, { status }]) => stateSet(componentStatusSchema.shape.status, status, 'status', { component }))
  return [
    gauge('thatdam_component_status', 'The status of a component: 1 for the one it has, 0 for the others.', status),
    ...componentGauges.map(([name, help, value]) =>
      gauge(
        name,
        help,
        all.map(([component, state]) => ({ labels: { component }, value: value(state) })),
      ),
    ),
  ]
}

function backendMetrics({ backends }: Status): Metric[] {
  const all = Object.entries(backends)
  const mode = all.flatMap(([port, { mode }]) => stateSet(modeSchema, mode, 'mode', { port }))
  const servers = all.flatMap(([port, { external }]) => (external === null ? [] : [{ labels: { port, external }, value: 1 }]))
  return [
    ...(servers.length === 0
      ? []
      : [gauge('thatdam_backend_external_info', 'The server that a port is configured with; always 1.', servers)]),
    gauge('thatdam_backend_mode', 'The mode of a port: 1 for the one it is in, 0 for the others.', mode),
    ...backendGauges.map(([name, help, value]) =>
      gauge(
        name,
        help,
        all.map(([port, state]) => ({ labels: { port }, value: value(state) })),
      ),
    ),
  ]
}

/** Every value that an enumeration has, with 1 for the current one: what Prometheus calls a state set. */
function stateSet(schema: z.ZodEnum, current: string, label: string, labels: Record<string, string>): Metric['samples'] {
  return schema.options.map((option) => ({ labels: { ...labels, [label]: String(option) }, value: Number(option === current) }))
}

function gauge(name: string, help: string, samples: Metric['samples']): Metric {
  return { name, help, type: 'gauge', samples }
}

function counter(name: string, help: string, samples: Metric['samples']): Metric {
  return { name, help, type: 'counter', samples }
}

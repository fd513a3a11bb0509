import { describe, expect, it } from 'vitest'
import { renderMetrics } from '../../../../src/main/api/metrics'
import type { Status } from '../../../../src/shared/status'
import { status } from './support'

interface Family {
  readonly help: string
  readonly type: string
  readonly samples: Map<string, number>
}

/** Prometheus' text format, strictly: every sample belongs to a family that was announced, and nothing comes twice. */
function parse(text: string): Map<string, Family> {
  const families = new Map<string, { help: string; type: string; samples: Map<string, number> }>()
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line)
    if (comment !== null) {
      const [, kind, name = '', value = ''] = comment
      const family = families.get(name) ?? { help: '', type: '', samples: new Map() }
      expect(kind === 'HELP' ? family.help : family.type).toBe('')
      if (kind === 'HELP') family.help = value
      else family.type = value
      families.set(name, family)
      continue
    }
    const sample = /^([a-zA-Z_:][\w:]*)((?:\{.*\})?) (\S+)$/.exec(line)
    if (sample === null) throw new Error(`not a line of the format: ${line}`)
    const [, name = '', labels = '', value = ''] = sample
    const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''))
    if (family === undefined) throw new Error(`no TYPE before ${line}`)
    expect(family.samples.has(name + labels)).toBe(false)
    family.samples.set(name + labels, Number(value.replace(/^Nan$/, 'NaN')))
  }
  return families
}

const samplesOf = (families: Map<string, Family>, name: string) => Object.fromEntries(families.get(name)?.samples ?? [])

const troubled: Status = {
  ...status,
  role: 'member',
  converged: false,
  components: {
    ...status.components,
    broker: {
      ...status.components.broker,
      status: 'error',
      errors: [
        { code: 'unavailable', message: 'away' },
        { code: 'internal', message: 'odd' },
      ],
    },
    index: { ...status.components.index, status: 'needs-migration', needs_migration: [{ name: 'MediaAsset/title', reason: 'type' }] },
  },
  backends: {
    ...status.backends,
    storage: {
      ...status.backends.storage,
      mode: 'degraded',
      external: 'http://minio:9000',
      held: true,
      backlog: { items: 7, bytes: 4096 },
    },
  },
}

const traffic = [{ port: 'storage', requests: { ok: 5, refused: 2, failed: 0, 'broken-off': 1 }, received: 300, sent: 70 }] as const
const figures = { requests: 0, consumers: 0, traffic }

describe('the metrics', () => {
  it('announce each of their names with a sentence and a type', async () => {
    const families = parse(await renderMetrics(status, figures))
    for (const [name, { help, type, samples }] of families) {
      expect(name).toMatch(/^(thatdam|process|nodejs)_[a-z0-9_]+$/)
      expect(help.length).toBeGreaterThan(5)
      expect(['gauge', 'counter', 'histogram']).toContain(type)
      if (name.startsWith('thatdam_')) {
        expect(samples.size).toBeGreaterThan(0)
        expect(name.endsWith('_total')).toBe(type === 'counter')
      }
    }
  })

  it('say what the node is and how its passes go', async () => {
    const families = parse(await renderMetrics(status, figures))
    expect(samplesOf(families, 'thatdam_info')).toEqual({ 'thatdam_info{version="0.1.0",role="leader"}': 1 })
    expect(samplesOf(families, 'thatdam_converged')).toEqual({ thatdam_converged: 1 })
    expect(samplesOf(families, 'thatdam_pass_total')).toEqual({ thatdam_pass_total: 3 })
    expect(samplesOf(families, 'thatdam_pass_duration_seconds')).toEqual({ thatdam_pass_duration_seconds: 0.012 })
    expect(samplesOf(families, 'thatdam_component_changes')).toMatchObject({ 'thatdam_component_changes{component="storage"}': 2 })
  })

  it('show trouble by component and by port', async () => {
    const families = parse(await renderMetrics(troubled, figures))
    expect(samplesOf(families, 'thatdam_converged')).toEqual({ thatdam_converged: 0 })
    expect(samplesOf(families, 'thatdam_component_status')).toMatchObject({
      'thatdam_component_status{component="storage",status="ok"}': 1,
      'thatdam_component_status{component="broker",status="ok"}': 0,
      'thatdam_component_status{component="broker",status="error"}': 1,
      'thatdam_component_status{component="index",status="needs-migration"}': 1,
    })
    expect(families.get('thatdam_component_status')?.samples.size).toBe(4 * 5)
    expect(samplesOf(families, 'thatdam_component_errors')).toMatchObject({ 'thatdam_component_errors{component="broker"}': 2 })
    expect(samplesOf(families, 'thatdam_component_needs_migration')).toMatchObject({
      'thatdam_component_needs_migration{component="index"}': 1,
    })
    expect(samplesOf(families, 'thatdam_backend_mode')).toMatchObject({
      'thatdam_backend_mode{port="storage",mode="degraded"}': 1,
      'thatdam_backend_mode{port="storage",mode="local"}': 0,
      'thatdam_backend_mode{port="bus",mode="local"}': 1,
    })
    expect(samplesOf(families, 'thatdam_backend_external_info')).toEqual({
      'thatdam_backend_external_info{port="storage",external="http://minio:9000"}': 1,
    })
    expect(samplesOf(families, 'thatdam_backend_held')).toMatchObject({ 'thatdam_backend_held{port="storage"}': 1 })
    expect(samplesOf(families, 'thatdam_backend_backlog_items')).toMatchObject({ 'thatdam_backend_backlog_items{port="storage"}': 7 })
    expect(samplesOf(families, 'thatdam_backend_backlog_bytes')).toMatchObject({ 'thatdam_backend_backlog_bytes{port="storage"}': 4096 })
  })

  it('count what goes through the data plane, with labels that are few', async () => {
    const families = parse(await renderMetrics(status, { ...figures, consumers: 3, index: { vectors: 10, bytes: 4_000 } }))
    expect(samplesOf(families, 'thatdam_data_consumers')).toEqual({ thatdam_data_consumers: 3 })
    expect(samplesOf(families, 'thatdam_data_requests_total')).toEqual({
      'thatdam_data_requests_total{port="storage",outcome="ok"}': 5,
      'thatdam_data_requests_total{port="storage",outcome="refused"}': 2,
      'thatdam_data_requests_total{port="storage",outcome="failed"}': 0,
      'thatdam_data_requests_total{port="storage",outcome="broken-off"}': 1,
    })
    expect(samplesOf(families, 'thatdam_data_bytes_total')).toEqual({
      'thatdam_data_bytes_total{port="storage",direction="received"}': 300,
      'thatdam_data_bytes_total{port="storage",direction="sent"}': 70,
    })
    expect(samplesOf(families, 'thatdam_index_memory_bytes')).toEqual({ thatdam_index_memory_bytes: 4_000 })
  })

  it('leave out what no pass has told yet', async () => {
    const families = parse(await renderMetrics({ ...status, pass: null }, figures))
    expect(samplesOf(families, 'thatdam_pass_total')).toEqual({ thatdam_pass_total: 0 })
    expect(families.has('thatdam_pass_duration_seconds')).toBe(false)
  })

  it('are of this moment only: an earlier scrape leaves nothing behind', async () => {
    await renderMetrics(troubled, figures)
    const families = parse(await renderMetrics(status, figures))
    expect(samplesOf(families, 'thatdam_info')).toEqual({ 'thatdam_info{version="0.1.0",role="leader"}': 1 })
    expect(samplesOf(families, 'thatdam_pass_total')).toEqual({ thatdam_pass_total: 3 })
  })

  it('hold those of the process', async () => {
    const families = parse(await renderMetrics(status, figures))
    expect(samplesOf(families, 'process_resident_memory_bytes').process_resident_memory_bytes).toBeGreaterThan(1_000_000)
    expect(samplesOf(families, 'process_start_time_seconds').process_start_time_seconds).toBeGreaterThan(0)
  })
})

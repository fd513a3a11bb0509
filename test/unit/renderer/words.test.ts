import { describe, expect, it } from 'vitest'
import { type FixtureName, fixturesAt } from '../../../src/renderer/fixtures'
import { adviceFor } from '../../../src/renderer/words/advice'
import { bytes, count, list } from '../../../src/renderer/words/count'
import { eventLine } from '../../../src/renderer/words/event'
import { headline } from '../../../src/renderer/words/headline'
import { outcomeOf } from '../../../src/renderer/words/outcome'
import { previewOf } from '../../../src/renderer/words/preview'
import { ago, duration, exact } from '../../../src/renderer/words/time'
import { wireWords } from '../../../src/renderer/words/wire'
import { portErrorCodes } from '../../../src/shared/errors'
import type { BootstrapEvent } from '../../../src/shared/events'
import { type ApplyResult, type Change, planOf } from '../../../src/shared/plan'
import type { Status } from '../../../src/shared/status'

const fixtures = fixturesAt(0)

function statusOf(name: FixtureName, parts: Partial<Status> = {}): Status {
  const { status } = fixtures[name]
  if (status === null) throw new TypeError(`fixture ${name} has no status`)
  return { ...status, ...parts }
}

describe('the headline', () => {
  it.each<[string, Status, string, string]>([
    ['all is well', statusOf('converged'), 'ok', 'All is well. 14 resources are as the profile asks.'],
    ['one resource', statusOf('converged', { resources: 1 }), 'ok', 'All is well. 1 resource is as the profile asks.'],
    ['an empty profile', statusOf('converged', { resources: 0 }), 'ok', 'All is well. The profile asks for nothing yet.'],
    ['converging', statusOf('converging'), 'work', 'Converging…'],
    ['an error', statusOf('error'), 'bad', 'Storage is in error.'],
    ['a migration', statusOf('needs-migration'), 'warn', 'Working. 1 resource needs a migration.'],
    ['not set up', statusOf('not-set-up'), 'quiet', 'Not set up yet.'],
  ])('names the worst first: %s', (_name, status, tone, text) => {
    expect(headline(status)).toEqual({ tone, text })
  })

  it('names everything that is in error', () => {
    const { components } = statusOf('error')
    const status = statusOf('error', { components: { ...components, broker: components.storage, index: components.storage } })
    expect(headline(status).text).toBe('Storage, Messages and Index are in error.')
  })
})

describe('times', () => {
  it.each<[number, string, string]>([
    [-5_000, '0 s', 'just now'],
    [1_999, '1 s', 'just now'],
    [12_345, '12 s', '12 s ago'],
    [59_999, '59 s', '59 s ago'],
    [60_000, '1 min', '1 min ago'],
    [3_599_999, '59 min', '59 min ago'],
    [3_600_000, '1 h', '1 h ago'],
    [86_399_999, '23 h', '23 h ago'],
    [86_400_000 * 3, '3 d', '3 d ago'],
  ])('%i ms are %s, and %s', (ms, long, past) => {
    const now = Date.parse('2026-11-24T12:00:00Z')
    expect([duration(ms), ago(now - ms, now)]).toEqual([long, past])
  })

  it('are dates from a week on', () => {
    expect(ago(new Date(2026, 10, 4, 12).getTime(), new Date(2026, 10, 24, 12).getTime())).toBe('4 Nov 2026')
  })

  it('are exact to the second on hover', () => {
    expect(exact(new Date(2026, 10, 4, 14, 2, 5).getTime())).toBe('4 Nov 2026, 14:02:05')
  })
})

describe('numbers', () => {
  it.each([
    [0, '0 changes'],
    [1, '1 change'],
    [1204, '1,204 changes'],
  ])('%i agree with their noun: %s', (n, text) => {
    expect(count(n, 'change')).toBe(text)
  })

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1500, '1.5 kB'],
    [412_000_000_000, '412 GB'],
    [9_000_000_000_000_000, '9000 TB'],
  ])('%i bytes are %s', (n, text) => {
    expect(bytes(n)).toBe(text)
  })

  it.each([
    [[], ''],
    [['a'], 'a'],
    [['a', 'b'], 'a and b'],
    [['a', 'b', 'c'], 'a, b and c'],
  ])('%j are listed as %j', (words, text) => {
    expect(list(words)).toBe(text)
  })
})

describe('an event as a line', () => {
  const event = (parts: Partial<BootstrapEvent>): BootstrapEvent => ({
    event_id: '1',
    node_id: 'n',
    component: 'storage',
    action: 'create',
    status: 'ok',
    generation: 'g',
    at: '2026-11-24T12:00:00Z',
    idempotency_key: 'k',
    ...parts,
  })

  it.each<[Partial<BootstrapEvent>, string, string, string]>([
    [{ action: 'create', message: 'bucket a created' }, '+', 'Storage', 'bucket a created'],
    [{ action: 'update', component: 'broker', message: 'queue a updated' }, '~', 'Messages', 'queue a updated'],
    [{ action: 'destroy', message: 'bucket a destroyed' }, '-', 'Storage', 'bucket a destroyed'],
    [{ status: 'error', message: 'bucket a: no space' }, '!', 'Storage', 'bucket a: no space'],
    [{ action: 'plan', status: 'needs-migration', component: 'index' }, '!', 'Index', 'needs a migration'],
    [{ action: 'pass', component: 'node', duration_ms: 11.6 }, '=', 'Node', 'pass finished in 12 ms'],
    [{ action: 'pass', component: 'node', message: '3 applied' }, '=', 'Node', 'pass finished: 3 applied'],
    [{ action: 'pass', component: 'node', status: 'error' }, '!', 'Node', 'pass failed'],
    [{ action: 'start', component: 'node', status: 'start' }, '=', 'Node', 'started'],
  ])('%j has the mark %s', (parts, mark, subject, text) => {
    expect(eventLine(event(parts))).toMatchObject({ mark, subject, text })
  })

  it('is none where something only begins', () => {
    expect(eventLine(event({ action: 'pass', component: 'node', status: 'start' }))).toBeUndefined()
  })
})

describe('the outcome of a check', () => {
  const result = (parts: Partial<ApplyResult>): ApplyResult => ({ ...fixtures.converged.apply, ...parts })
  const error = { component: 'storage', code: 'no-space', message: 'the disk is full' } as const

  it.each<[Partial<ApplyResult>, string, string]>([
    [{}, 'ok', 'Checked. Nothing had to change.'],
    [{ applied: 1 }, 'ok', 'Checked. 1 change applied.'],
    [{ applied: 3 }, 'ok', 'Checked. 3 changes applied.'],
    [{ needs_migration: 2 }, 'warn', 'Nothing had to change; 2 resources need a migration.'],
    [{ errors: [error] }, 'bad', 'Nothing had to change. the disk is full.'],
    [{ applied: 2, errors: [error, error, error] }, 'bad', '2 changes applied. the disk is full, and 2 other errors.'],
  ])('%j is told as %s', (parts, tone, text) => {
    expect(outcomeOf(result(parts))).toEqual({ tone, text })
  })
})

describe('the preview of a plan', () => {
  const row = (kind: Change['kind'], name: string, action: Change['action'] = 'create'): Change => ({
    component: 'storage',
    kind,
    name,
    backend: 'embedded',
    action,
    reason: 'missing',
  })

  it('counts by kind, in the order in which things are made, and leaves out what is so already', () => {
    const plan = planOf('g', [
      row('class', 'A'),
      row('bucket', 'b'),
      row('bucket', 'a'),
      row('queue', 'q', 'none'),
      row('queue', 'r', 'needs-migration'),
    ])
    expect(previewOf(plan)).toEqual([
      { kind: 'bucket', what: '2 buckets', names: ['a', 'b'], more: '' },
      { kind: 'class', what: '1 class', names: ['A'], more: '' },
    ])
  })

  it('counts the names it has no room for', () => {
    const rows = Array.from({ length: 9 }, (_, n) => row('property', `p${n}`))
    expect(previewOf(planOf('g', rows))).toEqual([
      { kind: 'property', what: '9 properties', names: ['p0', 'p1', 'p2', 'p3', 'p4', 'p5'], more: 'and 3 more' },
    ])
  })
})

describe('the wire', () => {
  const { storage } = statusOf('converged').backends
  const backlog = { items: 3, bytes: 4_000 }

  it.each([
    [{}, { above: 'local', below: '' }],
    [
      { held: true, external: 'http://nas:9000', backlog },
      { above: 'held local by a person', below: '3 changes waiting, 4.0 kB' },
    ],
    [{ mode: 'catching-up', backlog, eta_s: 240 } as const, { above: 'catching up, 3 changes waiting, 4.0 kB', below: 'about 4 min left' }],
    [{ mode: 'forward' } as const, { above: 'forward', below: 'nothing waiting' }],
    [{ mode: 'degraded', last_error: 'refused', backlog } as const, { above: 'refused', below: '3 changes waiting, 4.0 kB' }],
  ])('%j says %j', (parts, words) => {
    expect(wireWords({ ...storage, ...parts })).toEqual(words)
  })
})

describe('advice', () => {
  it.each([...portErrorCodes, 'a-code-of-tomorrow'])('stands beside the error %s', (code) => {
    expect(adviceFor(code)).toMatch(/^[A-Z].*\.$/)
  })
})

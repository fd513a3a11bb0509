/** Which backend serves a port, as the status surface tells it. */
import { describe, expect, it } from 'vitest'
import { backendStatus, createModeTimes, type External, modeOf, uncertainText } from '../../../../../src/main/core/node/backends'
import type { ComponentResult } from '../../../../../src/main/core/reconcile/pass-result'

const minio: External = { server: 'MinIO', address: 'http://minio:9000' }

function result(part: Partial<ComponentResult> = {}): ComponentResult {
  const nothing = { resources: 0, changes: 0, errors: [], needsMigration: [], uncertain: [] }
  return { generation: 'g', at: '2026-11-24T05:00:00.000Z', durationMs: 1, ...nothing, ...part }
}

describe('the mode of a port', () => {
  it.each([
    ['local without an external', undefined, undefined, 'local'],
    ['degraded before the external was looked at', minio, undefined, 'degraded'],
    ['forward when it could be looked at', minio, result(), 'forward'],
    [
      'forward though something there went wrong',
      minio,
      result({ errors: [{ component: 'storage', code: 'invalid', message: 'x' }] }),
      'forward',
    ],
    ['degraded when it could not', minio, result({ unseen: 'away' }), 'degraded'],
  ] as const)('is %s', (_name, external, last, mode) => {
    expect(modeOf(external, last)).toBe(mode)
  })

  it('has a time that moves only with it', () => {
    const modes = createModeTimes({ storage: minio }, 'start')
    const times: string[] = []
    for (const [at, last] of [
      ['1', result({ unseen: 'away' })],
      ['2', result()],
      ['3', result()],
      ['4', result({ unseen: 'away again' })],
    ] as const) {
      modes.note(new Map([['storage', last]]), at)
      times.push(modes.since('storage'))
    }
    expect(times).toEqual(['start', '2', '2', '4'])
    expect(modes.since('index')).toBe('start')
  })
})

it('a backend is told with its address and its last error', () => {
  expect(backendStatus(minio, result({ unseen: 'nothing listens there' }), 'then')).toMatchObject({
    mode: 'degraded',
    external: 'http://minio:9000',
    last_error: 'nothing listens there',
    since: 'then',
  })
  expect(backendStatus(minio, result(), 'then')).toMatchObject({ mode: 'forward', last_error: null })
  expect(backendStatus(undefined, result({ unseen: 'disk' }), 'then')).toMatchObject({ mode: 'local', external: null, last_error: null })
})

it.each([
  [
    { kind: 'lifecycle-rule', what: 'not-enforced', count: 3, reason: 'the server has no lifecycle rules' },
    '3 lifecycle rules are not enforced by MinIO at http://minio:9000: the server has no lifecycle rules.',
  ],
  [
    { kind: 'versioning', what: 'not-enforced', count: 1, reason: 'the server has no versions' },
    '1 bucket that should keep versions is not enforced by MinIO at http://minio:9000: the server has no versions.',
  ],
  [{ kind: 'binding', what: 'not-seen', count: 1, reason: 'why' }, '1 binding cannot be seen at MinIO at http://minio:9000: why.'],
] as const)('what is uncertain is told in a sentence: %j', (uncertain, text) => {
  expect(uncertainText(uncertain, minio)).toBe(text)
})

import { describe, expect, it } from 'vitest'
import { renderApply } from '../../../../../src/main/cli/render/apply'
import { createPaint } from '../../../../../src/main/cli/render/text'
import type { ApplyResult, Plan } from '../../../../../src/shared/plan'
import { change, plan } from '../samples'

const plain = createPaint(false)
const empty = plan()

function resultOf(planned: Plan, part: Partial<ApplyResult> = {}): ApplyResult {
  return { converged: true, plan_hash: planned.hash, applied: 0, needs_migration: 0, errors: [], warnings: [], ...part }
}

describe('the outcome of an apply in text', () => {
  it('lists the rows that were changed and says that all is as asked', () => {
    const planned = plan(change(), change({ component: 'broker', kind: 'queue', name: 'ingest', reason: '' }))
    expect(renderApply(planned, resultOf(planned, { applied: 2 }), plain)).toBe(
      [
        'storage',
        '  + bucket  media-raw  not there yet',
        '',
        'broker',
        '  + queue  ingest',
        '',
        'Applied 2 changes. Everything is as the profile asks.',
        '',
      ].join('\n'),
    )
  })

  it('says in one line that nothing was to do', () => {
    expect(renderApply(empty, resultOf(empty), plain)).toBe('Nothing to do: everything is as the profile asks.\n')
  })

  it('warns of what a server cannot enforce', () => {
    const warnings = ['1 lifecycle rule is not enforced by MinIO at http://minio:9000: the server has no lifecycle rules.']
    expect(renderApply(empty, resultOf(empty, { warnings }), plain)).toBe(
      `warning ${warnings[0]}\n\nNothing to do: everything is as the profile asks.\n`,
    )
  })

  it('tells a failed row apart from those that were changed', () => {
    const planned = plan(change(), change({ name: 'media-b' }))
    const text = renderApply(
      planned,
      resultOf(planned, {
        converged: false,
        applied: 1,
        errors: [{ component: 'storage', kind: 'bucket', name: 'media-b', code: 'no-space', message: 'bucket media-b: disk full' }],
      }),
      plain,
    )
    expect(text).toContain('+ bucket  media-raw')
    expect(text).not.toContain('+ bucket  media-b')
    expect(text).toContain('failed storage bucket media-b: bucket media-b: disk full (no-space)')
    expect(text).toContain('Applied 1 change, 1 error: not converged.')
  })

  it.each([
    ['the world moved after the plan', { applied: 1, plan_hash: 'another' }],
    ['the result does not account for each row', { applied: 0, converged: false }],
  ])('claims no row where %s', (_, part) => {
    const planned = plan(change())
    expect(renderApply(planned, resultOf(planned, part), plain)).not.toContain('media-raw')
  })

  it('shows what is left to migrate', () => {
    const planned = plan(
      change({ component: 'index', kind: 'class', name: 'Segment', action: 'needs-migration', reason: 'other distance' }),
    )
    const text = renderApply(planned, resultOf(planned, { needs_migration: 1 }), plain)
    expect(text).toContain('! class  Segment  other distance')
    expect(text).toContain('Nothing was changed. All that can be added is as the profile asks.\n1 resource needs a migration')
  })

  it('says so when the environment has not converged for another reason', () => {
    expect(renderApply(empty, resultOf(empty, { converged: false }), plain)).toContain('has not converged yet')
  })
})

import { describe, expect, it } from 'vitest'
import { createNarrator } from '../../../../../src/main/cli/render/narration'
import type { Status } from '../../../../../src/shared/status'
import { componentStatus, nodeStatus, waitingStatus } from '../samples'

function tell(...statuses: readonly Status[]): string[][] {
  const narrate = createNarrator()
  return statuses.map(narrate)
}

const broken = componentStatus({ status: 'error', errors: [{ name: 'media-raw', code: 'unavailable', message: 'disk is away' }] })
const applied = { at: '2026-11-24T05:12:04.000Z', changes: 3, generation: '' }

describe('what is told of a running node', () => {
  it('is its convergence, once', () => {
    expect(tell(nodeStatus({ converged: false }), nodeStatus(), nodeStatus())).toEqual([
      ['Converging.'],
      ['Converged: 14 resources are as the profile asks.'],
      [],
    ])
  })

  it('is each apply with the number of its changes', () => {
    const after = nodeStatus({ components: { storage: componentStatus({ last_apply: applied }) } })
    expect(tell(nodeStatus(), after, after).slice(1)).toEqual([['storage: applied 3 changes.'], []])
  })

  it('leaves out an apply of an earlier process', () => {
    const early = { ...applied, at: '2026-11-24T04:59:59.000Z' }
    expect(tell(nodeStatus({ components: { storage: componentStatus({ last_apply: early }) } }))[0]).toEqual([
      'Converged: 14 resources are as the profile asks.',
    ])
  })

  it('is an error when it comes and when it goes, but not at each pass in between', () => {
    const inError = nodeStatus({ converged: false, components: { storage: broken } })
    const trying = nodeStatus({ converged: false, components: { storage: componentStatus({ ...broken, status: 'applying' }) } })
    expect(tell(nodeStatus(), inError, trying, inError, nodeStatus()).slice(1)).toEqual([
      ['storage is in error: media-raw: disk is away'],
      [],
      [],
      ['storage: well again.', 'Converged: 14 resources are as the profile asks.'],
    ])
  })

  it('is another error of the same component', () => {
    const other = componentStatus({ ...broken, errors: [{ code: 'no-space', message: 'disk full' }] })
    const statuses = [broken, other].map((storage) => nodeStatus({ converged: false, components: { storage } }))
    expect(tell(...statuses)[1]).toEqual(['storage is in error: disk full'])
  })

  it('is a server that is away, and that serves again', () => {
    const address = 'http://minio:9000'
    const message = `MinIO at ${address} refused the connection: nothing listens there.`
    const { backends } = nodeStatus()
    const of = (converged: boolean, part: Partial<Status['components']['storage']>) =>
      nodeStatus({
        converged,
        components: { storage: componentStatus({ adapter: 'minio', ...part }) },
        backends: { ...backends, storage: { ...backends.storage, external: address, mode: part.mode ?? 'local' } },
      })
    const unknown = of(false, { at: null, status: 'waiting', mode: 'degraded' })
    const away = of(false, { status: 'error', mode: 'degraded', errors: [{ code: 'unavailable', message }] })
    expect(tell(unknown, away, away, of(true, { mode: 'forward' }))).toEqual([
      ['Converging.'],
      [`storage is in error: ${message}`],
      [],
      [`storage: served by minio at ${address}.`, 'storage: well again.', 'Converged: 14 resources are as the profile asks.'],
    ])
  })

  it('is what needs a migration', () => {
    const index = componentStatus({ status: 'needs-migration', needs_migration: [{ name: 'Segment/start', reason: 'is text' }] })
    expect(tell(nodeStatus({ components: { index } }))[0]).toEqual([
      'index needs a migration: Segment/start: is text',
      'Converged, but 1 resource is left to migrate.',
    ])
  })

  it('is not how much a change would take, which is another number at each look', () => {
    const statuses = ['1 object', '2 objects'].map((reason) =>
      nodeStatus({
        components: { storage: componentStatus({ status: 'needs-migration', needs_migration: [{ name: 'lifecycle-rule a/r', reason }] }) },
      }),
    )
    expect(tell(...statuses)[1]).toEqual([])
  })

  it('is a new revision, a new mode and a new warning', () => {
    const next = nodeStatus({
      revision: 2,
      warnings: ['service a is not installed'],
      components: { storage: componentStatus({ mode: 'catching-up' }) },
    })
    expect(tell(nodeStatus(), next, next).slice(1)).toEqual([
      ['Profile revision 2, generation cccccccccccc.', 'storage: mode catching-up.', 'Warning: service a is not installed'],
      [],
    ])
  })

  it('is what to do before the set-up, and that it happened', () => {
    expect(tell(waitingStatus, waitingStatus, nodeStatus({ converged: false }))).toEqual([
      ['Not set up yet: open the page to look at what starting creates.'],
      [],
      ['Set up as leader: node 0193e5d2-5a2c-7000-8000-000000000001.', 'Converging.'],
    ])
  })
})

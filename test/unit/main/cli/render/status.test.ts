import { describe, expect, it } from 'vitest'
import { renderStatus } from '../../../../../src/main/cli/render/status'
import { createPaint, moment } from '../../../../../src/main/cli/render/text'
import { componentStatus, nodeStatus, waitingStatus } from '../samples'

const plain = createPaint(false)
const since = moment('2026-11-24T05:12:03.000Z')

describe('the status in text', () => {
  it('answers first whether everything is all right', () => {
    expect(renderStatus(nodeStatus(), plain).split('\n')[0]).toBe(`Converged since ${since}: 14 resources are as the profile asks.`)
  })

  it('says who the node is and how each component stands', () => {
    const text = renderStatus(
      nodeStatus({
        components: { storage: componentStatus({ last_apply: { at: '2026-11-24T05:12:03.000Z', changes: 3, generation: '' } }) },
      }),
      plain,
    )
    expect(text).toContain('node       0193e5d2-5a2c-7000-8000-000000000001 (leader)')
    expect(text).toContain('profile    revision 1, generation cccccccccccc')
    expect(text).toContain(`last pass  3, ${since}, took 12 ms`)
    expect(text).toContain(`storage   ok  fs      local  3 changes at ${since}`)
    expect(text).toContain('broker    ok  inproc  local  nothing applied yet')
  })

  it('says where the server is that serves instead', () => {
    const { backends } = nodeStatus()
    const text = renderStatus(
      nodeStatus({
        components: { storage: componentStatus({ adapter: 'minio', mode: 'forward' }) },
        backends: { ...backends, storage: { ...backends.storage, external: 'http://minio:9000' } },
      }),
      plain,
    )
    expect(text).toMatch(/storage +ok +minio at http:\/\/minio:9000 +forward/)
  })

  it('lists errors, migrations and warnings with what they concern', () => {
    const text = renderStatus(
      nodeStatus({
        converged: false,
        warnings: ['service video-api is not installed'],
        components: {
          storage: componentStatus({ status: 'error', errors: [{ name: 'media-raw', code: 'unavailable', message: 'disk is away' }] }),
          broker: componentStatus({ status: 'error', errors: [{ code: 'internal', message: 'cannot look' }] }),
          index: componentStatus({ status: 'needs-migration', needs_migration: [{ name: 'Segment/start', reason: 'is text' }] }),
        },
      }),
      plain,
    )
    expect(text.split('\n')[0]).toBe(`Not converged since ${since}.`)
    expect(text).toContain('error storage media-raw: disk is away (unavailable)\n')
    expect(text).toContain('error broker: cannot look (internal)\n')
    expect(text).toContain('needs migration index Segment/start: is text\n')
    expect(text).toContain('warning service video-api is not installed\n')
  })

  it('does not call migrations that are left a clean state', () => {
    const status = nodeStatus({ components: { index: componentStatus({ needs_migration: [{ name: 'a', reason: 'b' }] }) } })
    expect(renderStatus(status, plain).split('\n')[0]).toBe(`Converged since ${since}, but 1 resource is left to migrate.`)
  })

  it('says what to do on a node that is not set up, and shows no component', () => {
    const text = renderStatus(waitingStatus, plain)
    expect(text).toContain('Not set up yet: open the page')
    expect(text).not.toContain('broker')
  })
})

describe('a moment', () => {
  it('is shown in the local time zone', () => {
    expect(moment('2026-11-24T05:12:03.000Z', 'Europe/Berlin')).toBe('2026-11-24 06:12:03')
  })

  it('that cannot be read is shown as it came', () => {
    expect(moment('yesterday\u001b')).toBe('yesterday\\u001b')
  })
})

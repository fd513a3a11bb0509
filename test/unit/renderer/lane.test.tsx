import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { Lane } from '../../../src/renderer/components/lane'
import { ModelProvider } from '../../../src/renderer/components/model-context'
import { fixturesAt } from '../../../src/renderer/fixtures'
import { clientOf } from '../../../src/renderer/gallery'
import { createModel } from '../../../src/renderer/model'
import type { BackendStatus, ComponentStatus } from '../../../src/shared/status'

const { converged } = fixturesAt(0)

function laneOf(backend: Partial<BackendStatus>, component: Partial<ComponentStatus> = {}): string {
  const { status } = converged
  if (status === null) throw new TypeError('the fixture has a status')
  const model = createModel(clientOf(converged), { now: () => 0, sleep: async () => {} })
  return renderToStaticMarkup(
    <ModelProvider value={model}>
      <Lane
        name="storage"
        state={{ component: { ...status.components.storage, ...component }, backend: { ...status.backends.storage, ...backend } }}
      />
    </ModelProvider>,
  )
}

/** The text of each place in the lane, with a mark on the one that serves. */
function places(html: string): string[] {
  return [...html.matchAll(/<div class="place([^"]*)">(.*?)<\/div>/g)].map(
    ([, look = '', content = '']) =>
      `${content
        .replace(/<[^>]+>/g, ' ')
        .trim()
        .replace(/\s+/g, ' ')}${look.includes('is-serving') ? ' (serves)' : ''}`,
  )
}

const external = 'http://nas.local:9000'

describe('a lane', () => {
  it.each<[Partial<BackendStatus>, string[]]>([
    [{ mode: 'forward', external }, ['keeps nothing of it', `MinIO ${external} (serves)`]],
    [{ mode: 'degraded', external }, ['keeps nothing of it', `MinIO ${external}`]],
  ])('says that this computer keeps nothing where the server serves alone: %j', (backend, expected) => {
    const html = laneOf({ ...backend, last_error: 'nothing listens there' }, { adapter: 'minio' })
    expect(places(html)).toEqual(expected)
    expect(html).not.toContain('nothing waiting')
    expect(html).toContain(backend.mode === 'degraded' ? 'out of reach' : 'forward')
  })

  it('does not say of a server that was not looked at yet that it is out of reach', () => {
    const html = laneOf({ mode: 'degraded', external, last_error: null }, { adapter: 'minio' })
    expect(html).toContain('not looked at yet')
    expect(html).not.toContain('out of reach')
  })

  it.each<[Partial<BackendStatus>, string[]]>([
    [{ mode: 'local' }, ['This computer adapter fs (serves)', 'no external configured']],
    [{ mode: 'catching-up', external }, ['This computer adapter fs (serves)', `MinIO ${external}`]],
    [{ mode: 'forward', external }, ['This computer adapter fs', `MinIO ${external} (serves)`]],
    [{ mode: 'degraded', external }, ['This computer adapter fs (serves)', `MinIO ${external}`]],
  ])('marks who serves: %j', (backend, expected) => {
    expect(places(laneOf(backend))).toEqual(expected)
  })

  it('counts errors of one kind that are too many to list, and says once what to do', () => {
    const errors = Array.from({ length: 30 }, (_, n) => ({ name: `bucket b${n}`, code: 'no-space', message: 'the disk is full' }))
    const html = laneOf({}, { status: 'error', errors })
    expect(html.match(/the disk is full/g)).toHaveLength(4)
    expect(html).toContain('and 26 others like these')
    expect(html.match(/Free some space/g)).toHaveLength(1)
  })

  it('says when nothing was applied yet', () => {
    expect(laneOf({}, { last_apply: null, at: null })).toContain('nothing applied yet')
  })
})

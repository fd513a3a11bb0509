/** Leave to destroy as a node gives it: judged by the pass that would use it, before anything is changed. */
import { describe, expect, it } from 'vitest'
import { type Acknowledgement, underIntent } from '../../../../../src/main/core/node/intents'
import { planAll, type Wish } from '../../../../../src/main/core/reconcile/looking'
import { PortError } from '../../../../../src/shared/errors'
import { engineOn, never } from '../../../../support/engine'
import { wish } from '../../../../support/wish'

const full = wish(`
apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: full }
spec:
  storage: { buckets: [{ name: aaa }, { name: bbb }] }
  indices: { weaviate: { classes: [{ name: Kept, properties: [a], tenants: [t1, t2] }] } }
`)
const less = wish(`
apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: less }
spec:
  storage: { buckets: [{ name: ccc }] }
  indices: { weaviate: { classes: [{ name: Kept, properties: [a], tenants: [t1] }] } }
`)

async function nodeWith(wanted: Wish) {
  const node = engineOn()
  await node.pass(wanted)
  const adopted: string[] = []
  const acknowledge = ({ hash, confirmed = [] }: Pick<Acknowledgement, 'hash'> & Partial<Acknowledgement>, before = () => {}) =>
    underIntent(
      { intents: node.journal, clock: node.clock },
      { hash, by: 'ada', confirmed },
      async () => {
        adopted.push([...node.storage.buckets.keys()].join())
      },
      (leave) => {
        before()
        return node.pass(less, { force: true, leave })
      },
    )
  const planned = async () => (await planAll(node.planners, less, { destructive: true }, never)).hash
  const outcome = async () => (await node.journal.intents(1))[0]?.outcome
  return { ...node, adopted, acknowledge, planned, outcome }
}

describe('an acknowledged plan', () => {
  it('is carried out, after its profile was adopted, and its intent stays in the journal', async () => {
    const node = await nodeWith(full)
    const hash = await node.planned()
    expect(await node.acknowledge({ hash })).toMatchObject({ leave: 'used' })
    expect([...node.storage.buckets.keys()]).toEqual(['ccc'])
    expect(node.index.classes.get('Kept')?.tenants).toEqual(['t1'])
    expect(node.adopted).toEqual(['aaa,bbb'])
    expect(await node.journal.intents(10)).toMatchObject([
      { plan_hash: hash, allow_destructive: true, acknowledged_by: 'ada', outcome: { status: 'used' } },
    ])
  })

  it.each([
    ['a bucket', 'aaa', (node: Awaited<ReturnType<typeof nodeWith>>) => node.storage.buckets.get('aaa')?.objects.set('k', 0)],
    ['a tenant', 'Kept/t2', (node: Awaited<ReturnType<typeof nodeWith>>) => node.index.objects.set('Kept', ['t1', 't2'])],
  ])('that takes %s which filled after it was shown is refused, until its name is given', async (_, name, fill) => {
    const node = await nodeWith(full)
    const hash = await node.planned()
    fill(node)
    const writes = node.journal.writes()
    await expect(node.acknowledge({ hash, confirmed: ['other'] })).rejects.toMatchObject({
      code: 'confirmation-needed',
      details: [{ path: name, message: expect.stringContaining('holds 1 object') }],
    })
    expect([...node.storage.buckets.keys()]).toEqual(['aaa', 'bbb'])
    expect([node.adopted, node.journal.writes()]).toEqual([[], writes])
    expect(await node.outcome()).toMatchObject({ status: 'refused', message: expect.stringContaining('not empty') })
    await node.acknowledge({ hash, confirmed: [name] })
    expect([...node.storage.buckets.keys()]).toEqual(['ccc'])
    expect(node.index.classes.get('Kept')?.tenants).toEqual(['t1'])
  })

  it('that is another by now is refused with the hash of the new one, and nothing at all is changed', async () => {
    const node = await nodeWith(full)
    const hash = await node.planned()
    await node.storage.ensureBucket('ccc')
    const now = await node.planned()
    await expect(node.acknowledge({ hash })).rejects.toMatchObject({
      code: 'plan-changed',
      message: expect.stringContaining(now),
      details: [{ path: 'plan_hash', message: now }],
    })
    expect([...node.storage.buckets.keys()]).toEqual(['aaa', 'bbb', 'ccc'])
    expect(node.adopted).toEqual([])
    expect(await node.outcome()).toMatchObject({ status: 'refused' })
  })

  it('fits once', async () => {
    const node = await nodeWith(full)
    const hash = await node.planned()
    await node.acknowledge({ hash })
    await expect(node.acknowledge({ hash })).rejects.toMatchObject({ code: 'plan-changed' })
  })

  it('that came to its turn after a quarter of an hour is refused', async () => {
    const node = await nodeWith(full)
    const hash = await node.planned()
    const late = node.acknowledge({ hash }, () => void node.clock.advance(15 * 60_000))
    await expect(late).rejects.toMatchObject({ code: 'intent-expired' })
    expect([...node.storage.buckets.keys()]).toEqual(['aaa', 'bbb'])
    expect(await node.outcome()).toMatchObject({ status: 'refused' })
  })

  it('is refused while a component cannot be looked at', async () => {
    const node = await nodeWith(full)
    const hash = await node.planned()
    node.index.before = () => {
      throw new PortError('unavailable', 'index is away')
    }
    await expect(node.acknowledge({ hash })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('index is away'),
    })
    expect([...node.storage.buckets.keys()]).toEqual(['aaa', 'bbb'])
  })

  it('destroys nothing where what it adds has failed, and says so', async () => {
    const node = await nodeWith(full)
    const hash = await node.planned()
    node.storage.before = (call) => {
      if (call === 'ensureBucket') throw new PortError('no-space', 'the disk is full')
    }
    expect(await node.acknowledge({ hash })).toMatchObject({ leave: 'failed', applied: 0 })
    expect([...node.storage.buckets.keys()]).toEqual(['aaa', 'bbb'])
    expect(node.index.classes.get('Kept')?.tenants).toEqual(['t1', 't2'])
    expect(await node.outcome()).toMatchObject({ status: 'failed' })
  })

  it('leaves a failed intent behind where the node stops in the middle of it', async () => {
    const node = await nodeWith(full)
    const hash = await node.planned()
    node.storage.before = (call) => {
      if (call === 'removeBucket') throw new Error('the node is stopping')
    }
    await expect(node.acknowledge({ hash })).rejects.toThrow('stopping')
    expect(await node.outcome()).toMatchObject({ status: 'failed', message: 'the node is stopping' })
  })
})

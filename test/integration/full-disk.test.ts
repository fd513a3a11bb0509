/** A disk that fills up under a running node: writers are told, nothing half-written shows, and with room again all goes on. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { smallDisk, whyNoSmallDisk } from '../support/rights'
import { tempDir } from '../support/temp'
import { applied, up } from '../support/thatdam'

const mebibyte = 1024 * 1024
const profile = `apiVersion: thatdam/v1
kind: EnvironmentProfile
metadata: { name: full }
spec:
  storage: { buckets: [{ name: media }] }
  broker:
    exchanges: [{ name: all, type: fanout }]
    queues: [{ name: all }]
    bindings: [{ exchange: all, queue: all }]
  indices: { weaviate: { classes: [{ name: Asset, properties: [title] }] } }
`

const reason = whyNoSmallDisk()

describe.skipIf(reason !== undefined)(`a disk that is full${reason === undefined ? '' : ` (${reason})`}`, () => {
  it('is a refusal by name to each writer, and no end of the node', async () => {
    const disk = join(tempDir(), 'disk')
    smallDisk(disk, 40 * mebibyte)
    const { data } = await applied(profile, join(disk, 'data'))
    const node = await up(data)
    await node.converged()
    const headers = { authorization: `Bearer ${node.nodeFile.token}` }
    const ask = async (method: string, path: string, body?: Uint8Array<ArrayBuffer> | string) => {
      const response = await fetch(node.url + path, {
        method,
        headers: { ...headers, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body }),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
    }

    expect(await ask('PUT', '/data/storage/media/large.mov', new Uint8Array(64 * mebibyte))).toMatchObject({
      status: 507,
      body: { code: 'no-space', detail: expect.stringContaining('media/large.mov') },
    })
    expect((await ask('GET', '/data/storage/media')).body).toMatchObject({ objects: [] })

    // Now for good: halves of what is still free, down to nothing.
    let filler = 0
    for (let size = 16 * mebibyte; size >= 1024; ) {
      const { status } = await ask('PUT', `/data/storage/media/filler/${filler}`, new Uint8Array(size))
      if (status === 507) size = Math.floor(size / 2)
      else filler++
    }
    const kept = (await ask('GET', '/data/storage/media')).body.objects as { key: string; size: number }[]
    expect(kept).toHaveLength(filler)

    const messages = await untilRefused(() => ask('POST', '/data/bus/exchanges/all/messages?key=a', JSON.stringify('x'.repeat(100_000))))
    expect(messages.refusal).toMatchObject({ status: 507, body: { code: 'no-space', detail: expect.stringContaining('"all"') } })
    const vector = Array(1_000).fill(0.5)
    const vectors = await untilRefused((i) => ask('PUT', `/data/index/Asset/${i}`, JSON.stringify({ vector })))
    expect(vectors.refusal).toMatchObject({ status: 507, body: { code: 'no-space', detail: expect.stringContaining('Asset') } })
    // Reading needs no room.
    expect((await ask('GET', '/data/storage/media')).body.objects).toEqual(kept)

    for (let i = 0; i < filler; i++) expect((await ask('DELETE', `/data/storage/media/filler/${i}`)).status).toBeLessThan(300)
    expect((await ask('PUT', '/data/storage/media/after', 'again')).status).toBeLessThan(300)
    expect((await ask('POST', '/data/bus/exchanges/all/messages?key=a', '1')).status).toBe(202)
    expect((await ask('PUT', '/data/index/Asset/after', JSON.stringify({ vector }))).status).toBeLessThan(300)
    expect((await ask('GET', '/health')).status).toBe(200)

    const found = await ask('POST', '/data/index/Asset/query', JSON.stringify({ vector, k: 10_000 }))
    expect(found.body.results).toHaveLength(vectors.accepted + 1)
    node.signal('SIGTERM')
    expect(await node.exited()).toBe(0)
  }, 120_000)
})

async function untilRefused<T extends { status: number }>(write: (i: number) => Promise<T>): Promise<{ accepted: number; refusal: T }> {
  for (let accepted = 0; accepted < 10_000; accepted++) {
    const answer = await write(accepted)
    if (answer.status >= 400) return { accepted, refusal: answer }
  }
  throw new Error('the disk never became full')
}

/** What is peculiar to a storage on a real S3 server, beyond the contract of the port. */
import { readdirSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Server, serverAt } from '../../../src/main/adapters/storage-minio/ask'
import { endpointAt } from '../../../src/main/adapters/storage-minio/endpoint'
import type { Credentials } from '../../../src/main/adapters/storage-minio/signature'
import type { StorageMinio } from '../../../src/main/adapters/storage-minio/storage-minio'
import { body, bytesFrom, patterned, sha256 } from '../../conformance/object-storage/tools'
import { proxyTo } from '../../support/proxy'
import { describeWith, type S3Address } from '../../support/servers'
import { type Stage, stageAt } from './storage-minio-harness'

const live = new AbortController().signal
const MiB = 1024 * 1024

/** What every server is asked. `mutatesBuckets` registers cases of its own. */
function onServer(name: 'minio' | 'versitygw' | 'ceph', cases: (subject: () => Subject) => void): void {
  describeWith(name, `storage-minio on ${name}`, (address: S3Address) => {
    let stage: Stage
    let storage: StorageMinio
    let bucket: string
    beforeEach(async () => {
      stage = await stageAt(address)
      storage = stage.raw()
      bucket = stage.real('media-raw')
      await storage.ensureBucket(bucket, live)
    })
    afterEach(async () => {
      await storage.close()
      await stage.dispose()
    })
    cases(() => ({ stage, storage, bucket, address, server: by(address) }))
  })
}

interface Subject {
  readonly stage: Stage
  readonly storage: StorageMinio
  readonly bucket: string
  readonly address: S3Address
  /** To do what other tools do. */
  readonly server: Server
}

function by(address: S3Address): Server {
  const credentials: Credentials = { ...address, region: 'us-east-1' }
  return serverAt(endpointAt({ ...credentials, endpoint: address.endpoint, deadlineMs: 20_000 }), () => {})
}

const text = async (server: Server, bucket: string, resource: string) =>
  server.askText({ method: 'GET', bucket, query: { [resource]: '' } }, live)

async function write(server: Server, bucket: string, resource: string, document: string): Promise<void> {
  await server.ask({ method: 'PUT', bucket, query: { [resource]: '' }, body: Buffer.from(document) }, live)
}

const rulesIn = (xml: string) => [...xml.matchAll(/<Rule>.*?<\/Rule>/gs)].map(([rule]) => rule)

for (const name of ['minio', 'versitygw', 'ceph'] as const) {
  onServer(name, (subject) => {
    it('sends a large object in parts, from a file that is gone at once, and holds its condition at the end', async () => {
      const { storage, bucket, stage } = subject()
      const content = patterned(66 * MiB + 7)
      const info = await storage.put(
        bucket,
        'large',
        body(content),
        { contentType: 'video/mp4', metadata: { Title: 'ключ' }, ifNoneMatch: '*' },
        live,
      )
      expect(info).toMatchObject({ size: content.length, etag: sha256(content), contentType: 'video/mp4', metadata: { Title: 'ключ' } })
      const seen = await storage.head(bucket, 'large', {}, live)
      expect(seen).toEqual({ ...info, modified: seen.modified })
      const { body: bytes } = await storage.get(bucket, 'large', {}, live)
      expect(sha256(await bytesFrom(bytes))).toBe(info.etag)
      const again = (options: object) => storage.put(bucket, 'large', body(patterned(9 * MiB)), options, live)
      await expect(again({ ifNoneMatch: '*' })).rejects.toMatchObject({ code: 'precondition-failed' })
      await expect(again({ ifMatch: sha256('other') })).rejects.toMatchObject({ code: 'precondition-failed' })
      expect(await storage.head(bucket, 'large', {}, live)).toEqual(seen)
      await again({ ifMatch: info.etag })
      const copied = await storage.copy({ bucket, key: 'large' }, { bucket, key: 'copy' }, { ifNoneMatch: '*' }, live)
      expect(copied).toMatchObject({ size: 9 * MiB, etag: sha256(patterned(9 * MiB)) })
      expect(readdirSync(stage.spoolDirectory)).toEqual([])
    })

    it('leaves no part of a large object whose upload was aborted', async () => {
      const { storage, bucket, server, address, stage } = subject()
      const proxy = await proxyTo(address.endpoint)
      const slow = stage.raw({ endpoint: proxy.through(address.endpoint) })
      const controller = new AbortController()
      const reason = new Error('no longer wanted')
      await slow.capabilities(live)
      proxy.limit(4 * MiB)
      const putting = slow.put(bucket, 'large', body(patterned(72 * MiB)), {}, controller.signal)
      const started = expect.poll(() => proxy.requests.filter(({ method }) => method === 'PUT').length, { timeout: 20_000 })
      await started.toBeGreaterThan(0)
      controller.abort(reason)
      await expect(putting).rejects.toBe(reason)
      await slow.close()
      expect(await text(server, bucket, 'uploads')).not.toContain('<UploadId>')
      await expect(storage.head(bucket, 'large', {}, live)).rejects.toMatchObject({ code: 'not-found' })
    })

    it('says so to whoever reads or writes when the server dies in the middle', async () => {
      const { storage, bucket, address, stage } = subject()
      await storage.put(bucket, 'a', body(patterned(8 * MiB)), {}, live)
      const proxy = await proxyTo(address.endpoint)
      const far = stage.raw({ endpoint: proxy.through(address.endpoint), deadlineMs: 2000 })
      const { body: bytes } = await far.get(bucket, 'a', {}, live)
      const reading = (async () => {
        for await (const chunk of bytes) if (chunk.length > 0) proxy.reset()
      })()
      await expect(reading).rejects.toMatchObject({
        name: 'PortError',
        code: 'unavailable',
        message: expect.stringContaining(`${bucket}/a`),
      })
      proxy.cutAfter('to-server', MiB)
      await expect(far.put(bucket, 'b', body(patterned(4 * MiB)), {}, live)).rejects.toMatchObject({
        name: 'PortError',
        code: 'unavailable',
      })
      proxy.blackHole()
      await expect(far.put(bucket, 'b', body('x'), {}, live)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('in time'),
      })
      await proxy.heal()
      expect(await far.put(bucket, 'b', body('x'), {}, live)).toMatchObject({ etag: sha256('x') })
      await far.close()
    })

    it('waits for a slow reader, and gives up a slow server alone', async () => {
      const { storage, bucket, stage } = subject()
      await storage.put(bucket, 'a', body(patterned(8 * MiB)), {}, live)
      const hasty = stage.raw({ deadlineMs: 400 })
      const { body: bytes } = await hasty.get(bucket, 'a', {}, live)
      let size = 0
      let pauses = 0
      for await (const chunk of bytes) {
        if (pauses++ < 2) await new Promise((resolve) => setTimeout(resolve, 600))
        size += chunk.length
      }
      expect(size).toBe(8 * MiB)
      await hasty.close()
    })

    it('takes what others stored for what it is', async () => {
      const { storage, bucket, server } = subject()
      const headers = { 'x-amz-meta-camera': 'A7 100%25', 'content-type': 'text/plain' }
      await server.ask({ method: 'PUT', bucket, key: 'foreign', body: Buffer.from('hello'), headers }, live)
      const info = await storage.head(bucket, 'foreign', {}, live)
      expect(info).toMatchObject({
        etag: 'ext-5d41402abc4b2a76b9719d911017c592',
        contentType: 'text/plain',
        metadata: { camera: 'A7 100%25' },
      })
      expect((await storage.list(bucket, {}, live)).objects).toEqual([info])
      await storage.put(bucket, 'foreign', body('mine'), { ifMatch: info.etag }, live)
      expect(await storage.head(bucket, 'foreign', {}, live)).toMatchObject({ etag: sha256('mine'), metadata: {} })
    })

    it('keeps the tags of others as they are, more than ten of them', async () => {
      const { storage, bucket, server } = subject()
      const foreign = [
        ['01', '007'],
        ['v', '1.10'],
        ['hex', '0x1F'],
        ['yes', 'true'],
        ['blank', ' x '],
        ...Array.from({ length: 4 }, (_, i) => [`t${i}`, '']),
      ]
      const set = foreign.map(([key, value]) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`).join('')
      await write(server, bucket, 'tagging', `<Tagging><TagSet>${set}</TagSet></Tagging>`)
      await storage.ensureTags(bucket, { owner: 'media' }, live)
      const state = await storage.describe([{ name: bucket, versioning: false, lifecycle: false, tags: true, policy: false }], live)
      expect(state.get(bucket)?.tags).toEqual({ ...Object.fromEntries(foreign), owner: 'media' })
    })

    it('lets one of two nodes win a key, and shows both the same', async () => {
      const { storage, bucket, stage } = subject()
      const other = stage.raw()
      const results = await Promise.allSettled(
        [storage, other].map((one, i) => one.put(bucket, 'a', body(`node ${i}`), { ifNoneMatch: '*' }, live)),
      )
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect(await other.head(bucket, 'a', {}, live)).toEqual(await storage.head(bucket, 'a', {}, live))
      await other.close()
    })

    it('looks and examines without changing anything', async () => {
      const { bucket, address, stage } = subject()
      const proxy = await proxyTo(address.endpoint)
      const looking = stage.raw({ endpoint: proxy.through(address.endpoint) })
      const findings = await looking.examine(live)
      expect(findings.map((finding) => finding.name)).toEqual(['reach', 'login', 'server', 'capabilities', 'clock'])
      expect(findings.filter(({ ok }) => !ok).map((finding) => finding.name)).toEqual(name === 'versitygw' ? ['capabilities'] : [])
      await looking.describe([{ name: bucket, versioning: true, lifecycle: true, tags: true, policy: true }], live)
      await looking.contents(bucket, live)
      expect(proxy.mutating).toBe(0)
      await looking.close()
    })

    it('is let in by neither a wrong key nor a wrong secret', async () => {
      const { bucket, stage } = subject()
      for (const [wrong, variable] of [
        [{ accessKey: 'nobody' }, 'MINIO_ACCESS_KEY'],
        [{ secretKey: 'not the secret' }, 'MINIO_SECRET_KEY'],
      ] as const) {
        const stranger = stage.raw(wrong)
        await expect(stranger.list(bucket, {}, live)).rejects.toMatchObject({ name: 'PortError', code: 'unauthorized' })
        const login = (await stranger.examine(live)).find((finding) => finding.name === 'login')
        expect(login).toMatchObject({ ok: false, advice: expect.stringContaining(variable) })
        await stranger.close()
      }
    })
  })
}

for (const name of ['minio', 'ceph'] as const) {
  onServer(name, (subject) => {
    it('keeps the lifecycle rules of others byte for byte', async () => {
      const { storage, bucket, server } = subject()
      const foreign = [
        '<Rule><ID>007</ID><Status>Disabled</Status><Filter><Prefix>2024.10</Prefix></Filter><Expiration><Days>30</Days></Expiration></Rule>',
        '<Rule><ID>old ones</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter><NoncurrentVersionExpiration><NoncurrentDays>90</NoncurrentDays></NoncurrentVersionExpiration></Rule>',
        ...(name === 'ceph'
          ? [
              '<Rule><ID>parts</ID><Status>Enabled</Status><Prefix></Prefix><AbortIncompleteMultipartUpload><DaysAfterInitiation>3</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>',
            ]
          : []),
      ]
      await write(server, bucket, 'lifecycle', `<LifecycleConfiguration>${foreign.join('')}</LifecycleConfiguration>`)
      const before = rulesIn(await text(server, bucket, 'lifecycle'))
      await storage.ensureLifecycle(bucket, [{ id: 'tmp', prefix: 'tmp/', expireDays: 7 }], live)
      await storage.ensureLifecycle(bucket, [{ id: 'tmp', prefix: 'tmp/', expireDays: 9 }], live)
      const after = rulesIn(await text(server, bucket, 'lifecycle'))
      expect(after.filter((rule) => !rule.includes('<ID>tmp</ID>')).sort()).toEqual([...before].sort())
      const question = { name: bucket, versioning: false, lifecycle: true, tags: false, policy: false }
      expect((await storage.describe([question], live)).get(bucket)?.lifecycle).toEqual([{ id: 'tmp', prefix: 'tmp/', expireDays: 9 }])
      await expect(storage.ensureLifecycle(bucket, [{ id: '007', prefix: '', expireDays: 1 }], live)).rejects.toMatchObject({
        code: 'incompatible',
      })
      await storage.removeLifecycleRule(bucket, 'tmp', live)
      expect(rulesIn(await text(server, bucket, 'lifecycle')).sort()).toEqual([...before].sort())
    })
  })
}

describe('a key beneath an object at MinIO', () => {
  onServer('minio', (subject) => {
    it('is refused where the object is but a delete marker, which hides it as well', async () => {
      const { storage, bucket } = subject()
      await storage.ensureVersioning(bucket, live)
      await storage.put(bucket, 'a', body('x'), {}, live)
      await storage.delete(bucket, 'a', {}, live)
      await expect(storage.put(bucket, 'a/b', body('x'), {}, live)).rejects.toMatchObject({
        code: 'unsupported',
        message: expect.stringContaining('a/b'),
      })
    })

    it('is looked for in one listing once many are put into a directory, which sees delete markers and what this node writes', async () => {
      const { storage, bucket, server, address, stage } = subject()
      await storage.ensureVersioning(bucket, live)
      await server.ask({ method: 'PUT', bucket, key: 'd/deep/er/x', body: Buffer.from('x') }, live)
      await server.ask({ method: 'PUT', bucket, key: 'd/gone/x', body: Buffer.from('x') }, live)
      await server.ask({ method: 'DELETE', bucket, key: 'd/gone/x' }, live)
      await server.ask({ method: 'PUT', bucket, key: 'd/folder/', body: Buffer.from('') }, live)
      const proxy = await proxyTo(address.endpoint)
      const one = stage.raw({ endpoint: proxy.through(address.endpoint) })
      const put = (key: string) => one.put(bucket, key, body('x'), {}, live)
      const refused = { code: 'unsupported', message: expect.stringContaining('beneath an object') }
      for (let i = 0; i < 10; i++) await put(`d/${i}`)
      const before = proxy.requests.length
      for (let i = 10; i < 15; i++) await put(`d/${i}`)
      expect(proxy.requests.slice(before).map(({ method }) => method)).toEqual(['PUT', 'PUT', 'PUT', 'PUT', 'PUT'])
      await expect(put('d/deep')).rejects.toMatchObject(refused)
      await expect(put('d/deep/er')).rejects.toMatchObject(refused)
      await expect(put('d/gone')).rejects.toMatchObject(refused)
      await put('d/folder')
      await put('d/mine/x')
      await expect(put('d/mine')).rejects.toMatchObject(refused)
      await expect(put('d/14/x')).rejects.toMatchObject(refused)
      await expect(one.copy({ bucket, key: 'd/1' }, { bucket, key: 'd/deep' }, {}, live)).rejects.toMatchObject(refused)
      await one.close()
      const { objects } = await storage.list(bucket, { prefix: 'd/' }, live)
      expect(objects.map(({ key }) => key)).toEqual(expect.arrayContaining(['d/deep/er/x', 'd/folder', 'd/mine/x', 'd/14']))
    })

    it('is in the way no more once it was removed', async () => {
      const { storage, bucket } = subject()
      for (let i = 0; i < 12; i++) await storage.put(bucket, `${i}`, body('x'), {}, live)
      await storage.put(bucket, 'a/b', body('x'), {}, live)
      await storage.delete(bucket, 'a/b', {}, live)
      expect(await storage.put(bucket, 'a', body('x'), {}, live)).toMatchObject({ key: 'a', size: 1 })
    })
  })
})

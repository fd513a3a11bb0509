import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v7 } from 'uuid'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openStorageMinio, type StorageMinio } from '../../../../../src/main/adapters/storage-minio/storage-minio'
import { body, patterned } from '../../../../conformance/object-storage/tools'
import { expectUnwell } from '../../../../support/examined'
import * as troubled from '../../../../support/troubled-servers'

const live = new AbortController().signal

/** For servers that answer, in a process that has more to do. */
const patientMs = 20_000
const hastyMs = 300

function open(endpoint: string, { ca, deadlineMs = patientMs }: { ca?: string; deadlineMs?: number } = {}): StorageMinio {
  const spoolDirectory = mkdtempSync(join(tmpdir(), 'thatdam-spool-'))
  const storage = openStorageMinio({
    endpoint,
    accessKey: 'somebody',
    secretKey: 'most-secret-of-all',
    deadlineMs,
    spoolDirectory,
    uuid: v7,
    ...(ca === undefined ? {} : { ca }),
  })
  onTestFinished(async () => {
    await storage.close()
    expect(readdirSync(spoolDirectory)).toEqual([])
  })
  return storage
}

const question = { name: 'media', versioning: true, lifecycle: true, tags: true, policy: true }

/** Every call of the port. */
const calls: Readonly<Record<string, (storage: StorageMinio, signal: AbortSignal) => Promise<unknown>>> = {
  put: (storage, signal) => storage.put('media', 'a', body('x'), {}, signal),
  'a large put': (storage, signal) => storage.put('media', 'a', body(patterned(9 * 1024 * 1024)), {}, signal),
  get: (storage, signal) => storage.get('media', 'a', {}, signal),
  head: (storage, signal) => storage.head('media', 'a', {}, signal),
  list: (storage, signal) => storage.list('media', {}, signal),
  delete: (storage, signal) => storage.delete('media', 'a', {}, signal),
  copy: (storage, signal) => storage.copy({ bucket: 'media', key: 'a' }, { bucket: 'media', key: 'b' }, {}, signal),
  versions: (storage, signal) => storage.versions('media', {}, signal),
  restore: (storage, signal) => storage.restore('media', 'a', 'v', signal),
  describe: (storage, signal) => storage.describe([question], signal),
  contents: (storage, signal) => storage.contents('media', signal),
  expirable: (storage, signal) => storage.expirable('media', { prefix: '', expireDays: 1 }, 0, signal),
  ensureBucket: (storage, signal) => storage.ensureBucket('media', signal),
  ensureVersioning: (storage, signal) => storage.ensureVersioning('media', signal),
  ensureLifecycle: (storage, signal) => storage.ensureLifecycle('media', [{ id: 'a', prefix: '', expireDays: 1 }], signal),
  ensureTags: (storage, signal) => storage.ensureTags('media', { a: 'b' }, signal),
  ensurePolicy: (storage, signal) => storage.ensurePolicy('media', 'public-read', signal),
  removeBucket: (storage, signal) => storage.removeBucket('media', { contents: true }, signal),
  removeLifecycleRule: (storage, signal) => storage.removeLifecycleRule('media', 'a', signal),
  removeTag: (storage, signal) => storage.removeTag('media', 'a', signal),
  removePolicy: (storage, signal) => storage.removePolicy('media', signal),
  capabilities: (storage, signal) => storage.capabilities(signal),
}

async function expectAll(storage: StorageMinio, code: string, message: RegExp): Promise<void> {
  const results = await Promise.allSettled(Object.values(calls).map((call) => call(storage, live)))
  for (const [i, name] of Object.keys(calls).entries()) {
    expect([name, results[i]]).toEqual([
      name,
      { status: 'rejected', reason: expect.objectContaining({ name: 'PortError', code, message: expect.stringMatching(message) }) },
    ])
  }
}

const error = (code: string, message: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`

const s3Headers = { 'Content-Type': 'application/xml', 'x-amz-request-id': '1', Server: 'MinIO' }

/** MinIO's list of the buckets of these names. */
function buckets(...names: readonly string[]): troubled.HttpAnswer {
  const list = names.map((name) => `<Bucket><Name>${name}</Name></Bucket>`).join('')
  return { status: 200, headers: s3Headers, body: `<ListAllMyBucketsResult><Buckets>${list}</Buckets></ListAllMyBucketsResult>` }
}

describe('an S3 server in trouble', () => {
  it('is unavailable where nothing listens, and says where', async () => {
    const storage = open((await troubled.refuses()).url('http'))
    await expectAll(storage, 'unavailable', /MinIO at http:\/\/127.0.0.1:\d+ refused the connection/)
    await expectUnwell(storage, 'reach', /refused the connection/)
  })

  it('is unavailable where its name is unknown', async () => {
    const storage = open(`http://${troubled.unknownHost}:9000`)
    await expectAll(storage, 'unavailable', /name of MinIO at http:\/\/no-such-host.invalid:9000 cannot be resolved/)
    await expectUnwell(storage, 'reach', /cannot be resolved/)
  })

  it('is given up when it never answers', async () => {
    const storage = open((await troubled.neverAnswers()).url('http'), { deadlineMs: hastyMs })
    await expectAll(storage, 'unavailable', /did not answer in time/)
    await expectUnwell(storage, 'reach', /did not answer in time/)
  })

  it('is given up when its answer comes a byte at a time and does not end', async () => {
    const endless = await troubled.drips({ everyMs: 20 })
    const storage = open(endless.url('http'), { deadlineMs: 100 })
    await expectAll(storage, 'unavailable', /did not answer in time/)
    await expectUnwell(storage, 'reach', /did not answer in time/)
    await endless.allClosed()
  })

  it('is given up when only what follows the list of buckets comes a byte at a time', async () => {
    const endless = await troubled.drips({ everyMs: 20, whole: { '/': buckets('media') } })
    const storage = open(endless.url('http'), { deadlineMs: 100 })
    const looks = ['list', 'versions', 'describe', 'contents', 'expirable', 'ensureVersioning', 'removeTag', 'capabilities'] as const
    const results = await Promise.allSettled(looks.map((name) => calls[name]?.(storage, live)))
    for (const result of results) {
      const reason = expect.objectContaining({ code: 'unavailable', message: expect.stringMatching(/did not answer in time/) })
      expect(result).toEqual({ status: 'rejected', reason })
    }
    await endless.allClosed()
  })

  it('is waited for while the bytes of an object come one at a time, however long that takes', async () => {
    const headers = { etag: '"1"', 'last-modified': 'Tue, 24 Nov 2026 10:00:00 GMT' }
    const slow = await troubled.drips({ everyMs: 20, count: 50, headers, whole: { '/': buckets('media') } })
    const got = await open(slow.url('http'), { deadlineMs: 100 }).get('media', 'a', {}, live)
    const pieces: Uint8Array[] = []
    for await (const piece of got.body) pieces.push(piece)
    expect(Buffer.concat(pieces).toString()).toBe(`${' '.repeat(50)}{}`)
  })

  it('ends every call with the reason of its signal while it never answers', async () => {
    const storage = open((await troubled.neverAnswers()).url('http'))
    const controller = new AbortController()
    const reason = new Error('no longer wanted')
    const asked = [...Object.values(calls), (storage: StorageMinio, signal: AbortSignal) => storage.examine(signal)]
    const results = Promise.allSettled(asked.map((call) => call(storage, controller.signal)))
    setImmediate(() => controller.abort(reason))
    for (const result of await results) expect(result).toEqual({ status: 'rejected', reason })
  })

  it.each([
    ['closes each connection at once', troubled.closesAtOnce],
    ['closes each connection when asked', troubled.closesWhenAsked],
  ])('is unavailable where it %s', async (_, server) => {
    const storage = open((await server()).url('http'))
    await expectAll(storage, 'unavailable', /closed the connection in the middle of a call/)
    await expectUnwell(storage, 'reach', /closed the connection/)
  })

  it('is found to speak no HTTP', async () => {
    const storage = open((await troubled.answersGarbage()).url('http'))
    await expectAll(storage, 'unavailable', /does not speak HTTP/)
    await expectUnwell(storage, 'reach', /does not speak HTTP/)
  })

  it.each([
    ['a web page', troubled.answersHtml],
    ['a service that speaks JSON', troubled.answersJson],
    ['a service that speaks another XML', () => troubled.answersHttp({ status: 200, body: '<feed xmlns="http://www.w3.org/2005/Atom"/>' })],
    ['a page that is not found', () => troubled.answersHttp({ status: 404, headers: { 'Content-Type': 'text/html' }, body: '<p>no</p>' })],
  ])('is found to be %s', async (_, server) => {
    const storage = open((await server()).url('http'))
    await expectAll(storage, 'unavailable', /what answers at http:\/\/127.0.0.1:\d+ is not an S3 server/)
    await expectUnwell(storage, 'reach', /is not an S3 server/)
  })

  it('is unavailable while it starts', async () => {
    const storage = open((await troubled.answers503()).url('http'))
    await expectAll(storage, 'unavailable', /is not ready/)
    await expectUnwell(storage, 'reach', /is not ready: it answers 503\.$/)
  })

  it('redirects, which is not followed, and where to is said without secrets', async () => {
    const storage = open((await troubled.redirects('https://me:a-secret@other.studio/media?token=a-secret')).url('http'))
    const message = /MinIO at http:\/\/127.0.0.1:\d+ redirects to https:\/\/other.studio\/media \(status 302\), which is not followed/
    await expectAll(storage, 'unavailable', message)
    await expectUnwell(storage, 'reach', message)
  })

  it('is unavailable while it asks to be spared', async () => {
    const storage = open(
      (await troubled.answersHttp({ status: 503, headers: s3Headers, body: error('SlowDown', 'Slow down.') })).url('http'),
    )
    await expectAll(storage, 'unavailable', /asks to be spared/)
  })

  it('is unavailable where TLS is spoken and none is expected', async () => {
    const storage = open((await troubled.neverAnswers()).url('https'), { deadlineMs: hastyMs })
    await expectAll(storage, 'unavailable', /did not answer in time/)
    const plain = open((await troubled.answers503()).url('https'))
    await expectAll(plain, 'unavailable', /MinIO at https:\/\/127.0.0.1:\d+/)
  })

  it('is unavailable where TLS is expected and none is spoken', async () => {
    const storage = open((await troubled.speaksTls()).url('http'))
    await expectAll(storage, 'unavailable', /MinIO at http:\/\/127.0.0.1:\d+|is not an S3 server/)
  })

  it('is not trusted without the authority that signed its certificate, and is with it', async () => {
    const server = await troubled.speaksTls()
    await expectAll(open(server.url('https')), 'unavailable', /certificate of MinIO at https:\/\/127.0.0.1:\d+ is not trusted/)
    const findings = await open(server.url('https')).examine(live)
    expect(findings).toMatchObject([{ name: 'reach', ok: false, advice: expect.stringContaining('(MINIO_CA_FILE)') }])
    await expectAll(open(server.url('https'), { ca: server.certificate.cert }), 'unavailable', /is not ready/)
  })

  it('lets nobody in whose access key it does not know, and names the variable, never the secret', async () => {
    for (const [code, variable] of [
      ['InvalidAccessKeyId', 'MINIO_ACCESS_KEY'],
      ['SignatureDoesNotMatch', 'MINIO_SECRET_KEY'],
      ['RequestTimeTooSkewed', 'clocks'],
      ['AuthorizationHeaderMalformed', 'MINIO_REGION'],
    ] as const) {
      const storage = open((await troubled.answersHttp({ status: 403, headers: s3Headers, body: error(code, 'No.') })).url('http'))
      const failed = await storage.list('media', {}, live).catch((reason: unknown) => reason)
      expect(failed).toMatchObject({ name: 'PortError', code: 'unauthorized', message: expect.stringContaining(code) })
      expect(String(failed)).not.toContain('most-secret-of-all')
      const unwell = (await storage.examine(live)).filter(({ ok }) => !ok)
      expect(unwell).toEqual([expect.objectContaining({ name: 'login', advice: expect.stringContaining(variable) })])
    }
  })

  it.each([
    ['XMinioStorageFull', 507, 'no-space'],
    ['EntityTooLarge', 400, 'too-large'],
    ['MetadataTooLarge', 400, 'too-large'],
    ['XMinioInvalidObjectName', 400, 'unsupported'],
    ['InternalError', 500, 'internal'],
  ])('refuses a put with %s, which is told as what it means', async (word, status, code) => {
    const storage = open((await troubled.answersHttp({ status, headers: s3Headers, body: error(word, 'No.') })).url('http'))
    await expect(storage.put('media', 'a', body('x'), {}, live)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(new RegExp(`^media/a: .*${word}`)),
    })
  })

  it('names the right that it takes to see whether a key may end in a slash, where the access key lacks it', async () => {
    const denied = await troubled.answersHttp({ status: 403, headers: s3Headers, body: error('AccessDenied', 'No.') })
    const storage = open(denied.url('http'))
    const put = (key: string) => storage.put('media', key, body('x'), {}, live)
    await expect(put('a')).rejects.toMatchObject({ code: 'unauthorized', message: expect.not.stringContaining('GetBucketVersioning') })
    await expect(put('folder/')).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(/^media\/folder\/: .*give the access key the right s3:GetBucketVersioning, or leave the slash out/),
    })
  })
})

import { describe, expect, it, onTestFinished } from 'vitest'
import { openIndexWeaviate } from '../../../../../src/main/adapters/index-weaviate/index-weaviate'
import { classOf, live, object } from '../../../../conformance/vector-index/harness'
import { expectUnwell } from '../../../../support/examined'
import * as troubled from '../../../../support/troubled-servers'

const deadlineMs = 300

function open(url: string, apiKey?: string, ca?: string) {
  const index = openIndexWeaviate({ url, deadlineMs, ...(apiKey === undefined ? {} : { apiKey }), ...(ca === undefined ? {} : { ca }) })
  onTestFinished(() => index.close())
  return index
}

type Index = ReturnType<typeof open>

/** Every call of the port. */
const calls: Readonly<Record<string, (index: Index, signal: AbortSignal) => Promise<unknown>>> = {
  upsert: (index, signal) => index.upsert('Segment', object('x', [1]), signal),
  batch: (index, signal) => index.batch('Segment', [object('x', [1])], signal),
  get: (index, signal) => index.get('Segment', 'x', undefined, signal),
  delete: (index, signal) => index.delete('Segment', 'x', undefined, signal),
  query: (index, signal) => index.query('Segment', { vector: Float32Array.of(1), k: 1 }, signal),
  describe: (index, signal) => index.describe(['Segment'], signal),
  contents: (index, signal) => index.contents('Segment', undefined, signal),
  ensureClass: (index, signal) => index.ensureClass(classOf('Segment'), signal),
  ensureProperties: (index, signal) => index.ensureProperties('Segment', [{ name: 'n', type: 'int' }], signal),
  ensureTenants: (index, signal) => index.ensureTenants('Segment', ['a'], signal),
  removeClass: (index, signal) => index.removeClass('Segment', { contents: false }, signal),
  removeTenant: (index, signal) => index.removeTenant('Segment', 'a', { contents: false }, signal),
}

async function expectAll(index: Index, code: string, message: RegExp): Promise<void> {
  for (const call of Object.values(calls)) {
    await expect(call(index, live)).rejects.toMatchObject({ name: 'PortError', code, message: expect.stringMatching(message) })
  }
}

describe('a Weaviate in trouble', () => {
  it('is unavailable where nothing listens, and says where', async () => {
    const index = open((await troubled.refuses()).url('http'))
    await expectAll(index, 'unavailable', /Weaviate at http:\/\/127.0.0.1:\d+ refused the connection/)
    await expectUnwell(index, 'reach', /refused the connection/)
  })

  it('is unavailable where its name is unknown', async () => {
    const index = open(`http://${troubled.unknownHost}:8080`)
    await expectAll(index, 'unavailable', /name of Weaviate at http:\/\/no-such-host.invalid:8080 cannot be resolved/)
    await expectUnwell(index, 'reach', /cannot be resolved/)
  })

  it('is found to be a web page', async () => {
    const index = open((await troubled.answersHtml()).url('http'))
    await expectAll(index, 'unavailable', /http:\/\/127.0.0.1:\d+ is not Weaviate/)
    await expectUnwell(index, 'reach', /is not Weaviate/)
  })

  it('is found to be another service that speaks JSON', async () => {
    const index = open((await troubled.answersJson()).url('http'))
    await expectAll(index, 'unavailable', /is not Weaviate/)
    await expectUnwell(index, 'reach', /is not Weaviate/)
  })

  it.each([
    ['a web page', { 'Content-Type': 'text/html' }, '<h1>Not Found</h1>'],
    ['JSON', { 'Content-Type': 'application/json' }, '{"code":404,"message":"path /v1/schema was not found"}'],
  ])('is found to be another service whose "not found" is %s', async (_, headers, body) => {
    const index = open((await troubled.answersHttp({ status: 404, headers, body })).url('http'))
    await expectAll(index, 'unavailable', /is not Weaviate/)
    await expectUnwell(index, 'reach', /is not Weaviate/)
  })

  it('redirects, which is not followed, and where to is said without secrets', async () => {
    const index = open((await troubled.redirects('https://me:a-secret@other.studio/v1/schema?token=a-secret')).url('http'))
    const message =
      /Weaviate at http:\/\/127.0.0.1:\d+ redirects to https:\/\/other.studio\/v1\/schema \(status 302\), which is not followed/
    await expectAll(index, 'unavailable', message)
    await expectUnwell(index, 'reach', message)
  })

  it('is unavailable where it closes each call, and where it speaks no HTTP', async () => {
    await expectAll(open((await troubled.closesWhenAsked()).url('http')), 'unavailable', /closed the connection in the middle/)
    await expectAll(open((await troubled.closesAtOnce()).url('http')), 'unavailable', /closed the connection in the middle/)
    await expectAll(open((await troubled.answersGarbage()).url('http')), 'unavailable', /does not speak HTTP/)
  })

  it('is unavailable where TLS is spoken to it and it has none, and the reverse', async () => {
    const plain = open((await troubled.answersGarbage()).url('https'))
    await expectAll(plain, 'unavailable', /was spoken to with TLS/)
    const secure = await troubled.speaksTls()
    await expectAll(open(secure.url('http')), 'unavailable', /closed the connection|does not speak HTTP/)
    await expectAll(open(secure.url('https')), 'unavailable', /certificate of Weaviate .* is not trusted/)
  })

  it('is unavailable while it starts', async () => {
    const index = open((await troubled.answers503()).url('http'))
    await expectAll(
      index,
      'unavailable',
      /Weaviate at http:\/\/127.0.0.1:\d+ is not ready, or has too much to do \(status 503\): try again/,
    )
    await expectUnwell(index, 'ready', /not ready \(status 503\)/)
  })

  it('is unavailable where it accepts a call and says nothing, or stops in the middle of its answer', async () => {
    const silent = await troubled.neverAnswers()
    await expectAll(open(silent.url('http')), 'unavailable', /did not answer in time/)
    const stalls = await troubled.answersHttp({ status: 200, body: '{"classes":[]}', stallAfter: 5 })
    await expectAll(open(stalls.url('http')), 'unavailable', /did not answer in time/)
    await expectUnwell(open(silent.url('http')), 'reach', /did not answer in time/)
    await silent.allClosed()
    await stalls.allClosed()
  })

  // Word for word what Weaviate 1.39 answers.
  it.each([
    ['a wrong key', '{"code":401,"message":"unauthorized: invalid api key"}', 401],
    [
      'no key',
      '{"code":401,"message": "anonymous access not enabled. Please authenticate through one of the available methods: [API-keys]" }',
      401,
    ],
    [
      'the key of somebody who may not',
      '{"error":[{"message":"authorization, forbidden action: user \'you\' has insufficient permissions"}]}',
      403,
    ],
  ])('refuses %s: unauthorized, naming the variable and never the key', async (_, body, status) => {
    const index = open((await troubled.answersHttp({ status, body })).url('http'), 'a-secret-key')
    for (const call of Object.values(calls)) {
      const error: unknown = await call(index, live).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'unauthorized', message: expect.stringContaining('WEAVIATE_API_KEY') })
      expect(String(error)).not.toContain('a-secret-key')
    }
    await expectUnwell(index, 'login', /does not accept this node's key/)
  })

  it('that knows no keys refuses one, and it is said to unset it', async () => {
    const message =
      "no authentication scheme is configured (API Key or OIDC), but an 'Authorization' header was provided. Please configure an auth scheme or remove the header for anonymous access"
    const index = open((await troubled.answersJson({ code: 401, message }, 401)).url('http'), 'a-secret-key')
    await expectAll(index, 'unauthorized', /knows no keys and was given one: unset WEAVIATE_API_KEY/)
    await expectUnwell(index, 'login', /knows no keys/)
  })

  it('is not trusted without the authority that signed its certificate, and is with it', async () => {
    const server = await troubled.speaksTls()
    await expectUnwell(open(server.url('https')), 'reach', /certificate of Weaviate at https:\/\/127.0.0.1:\d+ is not trusted/)
    await expectAll(open(server.url('https'), undefined, server.certificate.cert), 'unavailable', /is not ready/)
  })

  it('is given up where a look at it, or a change of its shape, comes back a byte at a time', async () => {
    const server = await troubled.drips({ everyMs: 20 })
    const index = open(server.url('http'))
    for (const name of ['describe', 'contents', 'ensureClass', 'removeClass']) {
      await expect(calls[name]?.(index, live)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('in time') })
    }
    await expectUnwell(index, 'reach', /did not answer in time/)
    await server.allClosed()
  })

  it('says that queries are switched off', async () => {
    const body = '{"error":[{"message":"graphql api is disabled"}]}'
    const index = open((await troubled.answersHttp({ status: 422, body })).url('http'))
    await expect(index.query('Segment', { vector: Float32Array.of(1), k: 1 }, live)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('graphql api is disabled'),
    })
  })

  it('never shows credentials that were written into the address', async () => {
    const { port } = await troubled.refuses()
    const error: unknown = await calls.get?.(open(`http://me:a-secret@127.0.0.1:${port}`), live).catch((reason: unknown) => reason)
    expect(String(error)).toContain(`127.0.0.1:${port}`)
    expect(String(error)).not.toContain('a-secret')
  })
})

describe('a call to a Weaviate that does not answer', () => {
  it.each(Object.entries(calls))('is ended by its signal: %s rejects with the reason and leaves no connection', async (_, call) => {
    const silent = await troubled.neverAnswers()
    const index = openIndexWeaviate({ url: silent.url('http'), deadlineMs: 60_000 })
    onTestFinished(() => index.close())
    const reason = new Error('no longer wanted')
    const stop = new AbortController()
    const outcome = call(index, stop.signal).catch((error: unknown) => error)
    await new Promise((resolve) => setTimeout(resolve, 20))
    stop.abort(reason)
    expect(await outcome).toBe(reason)
    await silent.allClosed()
  })

  it('is ended by close, which may come twice', async () => {
    const silent = await troubled.neverAnswers()
    const index = openIndexWeaviate({ url: silent.url('http'), deadlineMs: 60_000 })
    const outcomes = Object.values(calls).map((call) => call(index, live).catch((error: unknown) => error))
    await new Promise((resolve) => setTimeout(resolve, 20))
    await index.close()
    await index.close()
    for (const outcome of outcomes) expect(await outcome).toMatchObject({ code: 'unavailable' })
    await silent.allClosed()
  })

  it('was not made by opening', async () => {
    const silent = await troubled.neverAnswers()
    await open(silent.url('http')).close()
    expect(silent.connections).toBe(0)
  })
})

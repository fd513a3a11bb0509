/** What other tools made on the server, and a server that dies under a call. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { afterEach, expect, it, onTestFinished } from 'vitest'
import { openIndexWeaviate } from '../../../src/main/adapters/index-weaviate/index-weaviate'
import { classOf, live, object } from '../../conformance/vector-index/harness'
import { ownClasses } from '../../support/own-classes'
import { proxyTo } from '../../support/proxy'
import { describeWith } from '../../support/servers'

const uuid = '7b0c0f6e-0e38-4a53-8f7d-1f7f1e5f1c11'

describeWith('weaviate', 'Weaviate with what others made', (address) => {
  const own = ownClasses()
  const theirs: string[] = []

  function open(url = address.url) {
    const index = openIndexWeaviate({ ...address, url, deadlineMs: 20_000 })
    onTestFinished(() => index.close())
    return index
  }

  async function api(method: string, path: string, body?: unknown): Promise<unknown> {
    const headers = {
      'content-type': 'application/json',
      ...(address.apiKey === undefined ? {} : { authorization: `Bearer ${address.apiKey}` }),
    }
    const answer = await fetch(`${address.url.replace(/\/+$/, '')}/v1${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }

  /** A class as another tool would make it; the name under which it stands. */
  async function foreign(name: string, fields: object): Promise<string> {
    const full = own.nameOf(name)
    theirs.push(`/schema/${full}`)
    await api('POST', '/schema', { class: full, vectorizer: 'none', ...fields })
    return full
  }

  afterEach(async () => {
    for (const path of theirs.splice(0).reverse()) await api('DELETE', path)
  })

  it('tells a class in the server’s words where no profile has any, and refuses to make another of it', async () => {
    const name = await foreign('Odd', {
      vectorIndexConfig: { distance: 'manhattan' },
      properties: [
        { name: 'where', dataType: ['geoCoordinates'] },
        { name: 'title', dataType: ['text'], tokenization: 'word' },
      ],
    })
    const index = open()
    const before = await api('GET', `/schema/${name}`)
    expect((await index.describe([name], live)).get(name)).toEqual({
      name,
      vectorizer: 'none',
      distance: 'manhattan',
      search: 'approximate',
      properties: [
        { name: 'title', type: 'text' },
        { name: 'where', type: 'geoCoordinates' },
      ],
      tenants: [],
      multiTenancy: false,
    })
    const wish = classOf(name, { search: 'approximate' })
    await expect(index.ensureClass(wish, live)).rejects.toMatchObject({
      code: 'incompatible',
      message: expect.stringMatching(/manhattan.*cosine/),
    })
    await expect(index.ensureProperties(name, [{ name: 'where', type: 'text' }], live)).rejects.toMatchObject({ code: 'incompatible' })
    expect(await api('GET', `/schema/${name}`)).toEqual(before)
  })

  it.each(['tenants', 'graphql'])('takes a class for absent that goes in the middle of a look, before %s is asked', async (step) => {
    const name = await foreign('Going', { multiTenancyConfig: { enabled: true } })
    await api('POST', `/schema/${name}/tenants`, [{ name: 'a' }])
    const front = createServer(async (request, response) => {
      if (request.url?.includes(step)) await api('DELETE', `/schema/${name}`)
      const answer = await fetch(`${address.url.replace(/\/+$/, '')}${request.url}`, {
        method: request.method ?? 'GET',
        headers: { 'content-type': 'application/json', authorization: request.headers.authorization ?? '' },
        ...(request.method === 'GET' ? {} : { body: await textOf(request) }),
      })
      response.writeHead(answer.status).end(await answer.text())
    })
    await once(front.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => new Promise<void>((resolve) => front.close(() => resolve())))
    const index = open(`http://127.0.0.1:${(front.address() as AddressInfo).port}`)
    if (step === 'tenants') expect(await index.describe([name], live)).toEqual(new Map())
    expect(await index.contents(name, undefined, live)).toEqual({ count: 0, bytes: 0 })
  })

  it('keeps vectors in a class of another tool, adds what it needs and changes nothing else', async () => {
    const name = await foreign('Shared', {
      vectorIndexType: 'hnsw',
      vectorIndexConfig: { distance: 'cosine', ef: 77 },
      properties: [
        { name: 'title', dataType: ['text'], tokenization: 'word', description: 'theirs' },
        { name: 'n', dataType: ['int'] },
      ],
    })
    await api('POST', '/objects', { class: name, id: uuid, properties: { title: 'Big Apple', n: 1 }, vector: [1, 0] })
    const before = (await api('GET', `/schema/${name}`)) as { properties: unknown[] }

    const index = open()
    await index.ensureClass(classOf(name, { search: 'approximate', properties: [{ name: 'title', type: 'text' }] }), live)
    await index.upsert(name, object('ours', [0, 1], { title: ' apple ', n: 2 }), live)
    const found = async (filter: Parameters<typeof index.query>[1]['filter']) =>
      (await index.query(name, { vector: Float32Array.of(1, 0), k: 10, ...(filter === undefined ? {} : { filter }) }, live)).results.map(
        ({ id, metadata }) => [id, metadata],
      )
    const [apple, ours] = [
      [uuid, { title: 'Big Apple', n: 1 }],
      ['ours', { title: ' apple ', n: 2 }],
    ]
    expect(await found(undefined)).toEqual([apple, ours])
    // Their index knows words without capitals; the answer is the port's all the same.
    expect(await found({ field: 'title', op: 'eq', value: 'big' })).toEqual([])
    expect(await found({ field: 'title', op: 'eq', value: ' apple ' })).toEqual([ours])
    expect(await found({ field: 'title', op: 'contains', value: 'Apple' })).toEqual([apple])
    expect(await found({ not: { field: 'n', op: 'gt', value: 1 } })).toEqual([apple])
    expect((await index.get(name, uuid, undefined, live)).metadata).toEqual({ title: 'Big Apple', n: 1 })

    const after = (await api('GET', `/schema/${name}`)) as { properties: { name: string }[] }
    const added = after.properties.filter((property) => property.name.startsWith('thatdam'))
    expect({ ...after, properties: after.properties.filter((one) => !added.includes(one)) }).toEqual(before)
    expect((await index.describe([name], live)).get(name)?.properties.map((property) => property.name)).toEqual(['n', 'title'])
  })

  it('says that a class whose vectors have names is none of this node’s', async () => {
    const vectors = { vectorIndexType: 'hnsw', vectorizer: { none: {} } }
    const name = own.nameOf('Named')
    theirs.push(`/schema/${name}`)
    await api('POST', '/schema', { class: name, vectorConfig: { first: vectors, second: vectors } })
    const index = open()
    expect((await index.describe([name], live)).get(name)).toMatchObject({ search: 'named vectors (first, second)' })
    const unsupported = { code: 'unsupported', message: expect.stringContaining('named vectors (first, second)') }
    await expect(index.upsert(name, object('x', [1]), live)).rejects.toMatchObject(unsupported)
    await expect(index.query(name, { vector: Float32Array.of(1), k: 1 }, live)).rejects.toMatchObject(unsupported)
  })

  it('refuses a class whose name differs from another one’s in capitals alone, and one whose name is an alias', async () => {
    const name = await foreign('Asset', {})
    const index = open()
    await expect(index.ensureClass(classOf(own.nameOf('ASSET')), live)).rejects.toMatchObject({
      code: 'incompatible',
      message: expect.stringContaining(name),
    })
    const alias = own.nameOf('Alias')
    await api('POST', '/aliases', { alias, class: name })
    theirs.push(`/aliases/${alias}`)
    expect(await index.describe([alias], live)).toEqual(new Map())
    await expect(index.ensureClass(classOf(alias), live)).rejects.toMatchObject({
      code: 'incompatible',
      message: expect.stringContaining('alias'),
    })
  })

  it('says which module a vectorizer would need', async () => {
    const wish = classOf(own.nameOf('Vectorized'), { vectorizer: 'text2vec-nowhere' })
    await expect(open().ensureClass(wish, live)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('text2vec-nowhere'),
    })
  })

  it('refuses names that Weaviate would take for others, before it asks', async () => {
    const proxy = await proxyTo(address.url)
    const index = open(proxy.through(address.url))
    for (const name of ['segment', 'a/b', '../schema', 'Has space', '']) {
      await expect(index.ensureClass(classOf(name), live)).rejects.toMatchObject({ code: 'invalid' })
      await expect(index.get(name, 'x', undefined, live)).rejects.toMatchObject({ code: 'not-found' })
    }
    expect(proxy.requests).toEqual([])
  })

  it('tells a tenant that is not active from one that is not there', async () => {
    const name = await foreign('Tenants', { multiTenancyConfig: { enabled: true } })
    await api('POST', `/schema/${name}/tenants`, [{ name: 'cold', activityStatus: 'COLD' }])
    const index = open()
    const inTenant = (tenant: string) => index.query(name, { vector: Float32Array.of(1), k: 1, tenant }, live)
    await expect(inTenant('cold')).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('not active') })
    await expect(inTenant('nobody')).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('nobody') })
  })

  it('is unavailable while its connections die, and there again afterwards', async () => {
    const proxy = await proxyTo(address.url)
    const index = open(proxy.through(address.url))
    const name = await foreign('Dying', { vectorIndexConfig: { distance: 'dot' } })
    await index.upsert(name, object('a', [1]), live)
    proxy.cutAfter('to-client', 0)
    await expect(index.upsert(name, object('b', [2]), live)).rejects.toMatchObject({ code: 'unavailable' })
    await proxy.refuse()
    await expect(index.query(name, { vector: Float32Array.of(1), k: 5 }, live)).rejects.toMatchObject({ code: 'unavailable' })
    await proxy.heal()
    await index.upsert(name, object('b', [2]), live)
    const { results } = await index.query(name, { vector: Float32Array.of(1), k: 5 }, live)
    expect(results.map(({ id }) => id)).toEqual(['b', 'a'])
    await index.close()
    await proxy.allClosed()
  })

  it.skipIf(address.apiKey !== undefined)('refuses a key where it knows none, and it is said to unset it', async () => {
    const index = openIndexWeaviate({ url: address.url, apiKey: 'a-key-too-many', deadlineMs: 20_000 })
    onTestFinished(() => index.close())
    await expect(index.describe(['Segment'], live)).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('unset WEAVIATE_API_KEY'),
    })
    expect((await index.examine(live)).filter(({ ok }) => !ok)).toMatchObject([{ name: 'login', advice: expect.stringMatching(/^Unset/) }])
  })

  it('is found well by a look at it', async () => {
    const findings = await open().examine(live)
    expect(findings.filter(({ ok }) => !ok)).toEqual([])
    expect(findings.map(({ name }) => name)).toEqual(['reach', 'ready', 'login', 'version', 'queries', 'modules', 'limits', 'clock'])
    await expect(open().examine(AbortSignal.abort(new Error('no longer wanted')))).rejects.toThrow('no longer wanted')
  })

  it('follows what other nodes do to a class: a new property, another class of the same name', async () => {
    const [here, there] = [open(), open()]
    const name = own.nameOf('Followed')
    theirs.push(`/schema/${name}`)
    await here.ensureClass(classOf(name, { search: 'exact' }), live)
    await here.upsert(name, object('x', [1, 2]), live)
    await there.ensureProperties(name, [{ name: 'title', type: 'text' }], live)
    await there.upsert(name, object('y', [1, 2], { title: 'y' }), live)
    await here.upsert(name, object('z', [1, 2], { title: 'z' }), live)
    const titles = async () =>
      (await here.query(name, { vector: Float32Array.of(1, 2), k: 9 }, live)).results.map(({ metadata }) => metadata.title)
    expect(await titles()).toEqual([undefined, 'y', 'z'])
    await there.ensureProperties(name, [{ name: 'n', type: 'int' }], live)
    await there.upsert(name, object('y', [1, 2], { n: 1 }), live)
    expect((await here.get(name, 'y', undefined, live)).metadata).toEqual({ n: 1 })
    await there.removeClass(name, { contents: true }, live)
    await expect(here.query(name, { vector: Float32Array.of(1, 2), k: 9 }, live)).rejects.toMatchObject({ code: 'not-found' })
    await there.ensureClass(classOf(name), live)
    await here.upsert(name, object('x', [1]), live)
    expect((await here.get(name, 'x', undefined, live)).vector).toEqual(Float32Array.of(1))
  })
})

import { readFileSync } from 'node:fs'
import fastify from 'fastify'
import { expect, it } from 'vitest'
import { serveDataPlane } from '../../../src/main/api/data/data-plane'
import { defaultDataLimits } from '../../../src/main/api/data/options'
import { UserError } from '../../../src/shared/errors'
import { nodeContract } from '../../../src/shared/node-contract'
import { openApiDocument } from '../../../src/shared/openapi'

const { version }: { version: string } = JSON.parse(readFileSync('package.json', 'utf8'))
const document = openApiDocument(version)

/** Every object in a JSON value, with the path to it. */
function* objects(value: unknown, path = '#'): Generator<[string, Record<string, unknown>]> {
  if (Array.isArray(value)) for (const [i, item] of value.entries()) yield* objects(item, `${path}/${i}`)
  else if (typeof value === 'object' && value !== null) {
    yield [path, value as Record<string, unknown>]
    for (const [key, item] of Object.entries(value)) yield* objects(item, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
  }
}

const all = new Map(objects(document))
const operations = [...all].filter(([path]) => /^#\/paths\/[^/]+\/(get|put|head|post|delete)$/.test(path))

it('the committed document is that of the schemas (`npm run generate` makes it so)', () => {
  expect(readFileSync('resources/openapi.json', 'utf8')).toBe(`${JSON.stringify(document, null, 2)}\n`)
})

it('the document is the same each time', () => {
  expect(JSON.stringify(openApiDocument(version))).toBe(JSON.stringify(document))
})

it('the document has every call and every plain route', () => {
  const calls = Object.keys(nodeContract).map((name) => `/api/v1/${name}`)
  const plain = ['/health', '/internal/bootstrap/status', '/metrics', '/openapi.json', '/api/v1/notices']
  const others = Object.keys(document.paths as object).filter((path) => !path.startsWith('/data/'))
  expect(others.sort()).toEqual([...calls, ...plain].sort())
})

it('the document has all that the server answers under /data, and nothing that it does not', async () => {
  const app = fastify()
  const served: string[] = []
  app.addHook('onRoute', ({ method, url }) => {
    served.push(...[method].flat().map((each) => `${each} ${url}`))
  })
  const ports = async () => {
    throw new UserError('not-set-up', 'Nobody asks.')
  }
  await serveDataPlane(app, { ports, limits: defaultDataLimits, log: { failure: () => undefined } })
  await app.close()
  expect(served.length).toBeGreaterThan(10)
  // The server takes addresses apart by itself, so a route of it ends where the names begin.
  const described = operations
    .map(([path]) => path.split('/').slice(2) as [string, string])
    .map(([path, method]) => `${method.toUpperCase()} ${path.replaceAll('~1', '/').replace(/\{.*/, '*')}`)
    .filter((route) => route.includes(' /data/'))
  expect([...new Set(described)].sort()).toEqual([...new Set(served)].sort())
})

it('every name in an address is a parameter of it, once', () => {
  for (const [path, item] of Object.entries(document.paths as Record<string, { parameters?: { name: string; in: string }[] }>)) {
    const inAddress = [...path.matchAll(/\{(.+?)\}/g)].map(([, name]) => name)
    const parameters = (item.parameters ?? []).filter((parameter) => parameter.in === 'path').map(({ name }) => name)
    expect(parameters, path).toEqual(inAddress)
  }
})

it('a filter is described down to the filters in it', () => {
  const filter = { $ref: '#/components/schemas/Filter' }
  expect(all.get('#/components/schemas/Filter')).toMatchObject({
    anyOf: [
      { required: ['field', 'op'] },
      { properties: { and: { items: filter } } },
      { properties: { or: { items: filter } } },
      { properties: { not: filter } },
    ],
  })
  expect(all.get('#/paths/~1data~1index~1{class}~1query/post/requestBody/content/application~1json/schema/properties/filter')).toEqual(
    filter,
  )
})

it('every reference leads to something', () => {
  const references = [...all.values()].flatMap(({ $ref }) => (typeof $ref === 'string' ? [$ref] : []))
  expect(references.length).toBeGreaterThan(30)
  for (const reference of references) expect(all.has(reference), reference).toBe(true)
})

it('every shape that has a name is used', () => {
  const text = JSON.stringify(document)
  for (const name of Object.keys(all.get('#/components/schemas') ?? {})) expect(text).toContain(`"#/components/schemas/${name}"`)
})

it('every operation has a name of its own, a summary, an answer and a refusal', () => {
  const ids = operations.map(([, { operationId }]) => operationId)
  expect(new Set(ids).size).toBe(operations.length)
  for (const [path, operation] of operations) {
    expect(operation, path).toMatchObject({
      operationId: expect.stringMatching(/^[a-zA-Z]+$/),
      summary: expect.stringMatching(/\.$/),
      responses: { default: { $ref: '#/components/responses/Problem' } },
    })
    const answers = Object.entries(operation.responses as Record<string, object>).filter(([answer]) => answer.startsWith('2'))
    expect(answers.length, path).toBeGreaterThan(0)
    // To have no content is the point of a head and of 204.
    for (const [answer, { description, ...rest }] of answers as [string, { description: string; content?: object }][]) {
      expect(description, path).not.toBe('')
      expect('content' in rest, path).toBe(answer !== '204' && !path.endsWith('/head'))
    }
  }
})

it('only health is open; all else names how to prove oneself', () => {
  expect(document.security).toEqual([{ token: [] }, { session: [] }])
  const open = operations.filter(([, { security }]) => security !== undefined).map(([path]) => path)
  expect(open).toEqual(['#/paths/~1health/get'])
  expect(Object.keys(all.get('#/components/securitySchemes') ?? {})).toEqual(['token', 'session'])
})

it('inputs say that other fields are refused, and answers leave room for more', () => {
  expect(all.get('#/paths/~1api~1v1~1rollback/post/requestBody/content/application~1json/schema')).toMatchObject({
    additionalProperties: false,
    required: ['revision'],
  })
  expect(all.get('#/components/schemas/Status')).not.toHaveProperty('additionalProperties')
})

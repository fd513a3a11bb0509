import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
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
const operations = [...all].filter(([path]) => /^#\/paths\/[^/]+\/(get|post)$/.test(path))

it('the committed document is that of the schemas (`npm run generate` makes it so)', () => {
  expect(readFileSync('resources/openapi.json', 'utf8')).toBe(`${JSON.stringify(document, null, 2)}\n`)
})

it('the document is the same each time', () => {
  expect(JSON.stringify(openApiDocument(version))).toBe(JSON.stringify(document))
})

it('the document has every call and every plain route', () => {
  const calls = Object.keys(nodeContract).map((name) => `/api/v1/${name}`)
  const plain = ['/health', '/internal/bootstrap/status', '/metrics', '/openapi.json', '/api/v1/notices']
  expect(Object.keys(document.paths as object).sort()).toEqual([...calls, ...plain].sort())
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
      responses: { 200: { content: expect.any(Object) }, default: { $ref: '#/components/responses/Problem' } },
    })
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

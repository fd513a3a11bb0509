/** `thatdam data upsert`, `vector`, `forget` and `query`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startShell } from './shell'

const harbour = { vector: [1, 0, 0], metadata: { title: 'Harbour', year: 1999, tags: ['sea'] } }

describe('vectors by hand', () => {
  it('are stored from a file, printed, found and forgotten', async () => {
    const { cwd, thatdam } = await startShell()
    writeFileSync(join(cwd, 'harbour.json'), JSON.stringify(harbour))
    expect(await thatdam(['upsert', 'Shot', 'the/harbour 1', 'harbour.json'])).toMatchObject({
      status: 0,
      out: 'Stored Shot the/harbour 1.\n',
    })
    await thatdam(['upsert', 'Shot', 'street'], { input: '{"vector":[0,1,0],"metadata":{"title":"Street","year":2020}}' })
    expect((await thatdam(['vector', 'Shot', 'the/harbour 1'])).out).toBe(`${JSON.stringify({ id: 'the/harbour 1', ...harbour })}\n`)

    const nearest = await thatdam(['query', 'Shot', '--json'], { input: '{"vector":[1,0,0]}' })
    expect(nearest.json()).toMatchObject({ results: [{ id: 'the/harbour 1', score: 1 }, { id: 'street' }], partial: false })
    const one = await thatdam(['query', 'Shot', '-k', '1'], { input: '{"vector":[0.1,1,0],"k":5}' })
    expect(one.out).toMatch(/^0\.9950\d\d {2}street {2}\{"title":"Street","year":2020\}\n$/)
    const filtered = { vector: [1, 0, 0], filter: { field: 'year', op: 'gt', value: 2100 } }
    expect((await thatdam(['query', 'Shot'], { input: JSON.stringify(filtered) })).out).toBe('Nothing found.\n')

    expect((await thatdam(['forget', 'Shot', 'street'])).out).toBe('Deleted.\n')
    expect((await thatdam(['vector', 'Shot', 'street', '--json'])).json()).toMatchObject({
      error: { code: 'not-found', message: expect.stringContaining('street') },
    })
  })

  it('belong to a tenant where a class has them', async () => {
    const { thatdam } = await startShell()
    const input = '{"vector":[1,0]}'
    expect((await thatdam(['upsert', 'Take', 'a', '--tenant', 'north'], { input })).status).toBe(0)
    expect((await thatdam(['query', 'Take', '--tenant', 'north', '--json'], { input })).json()).toMatchObject({ results: [{ id: 'a' }] })
    expect((await thatdam(['query', 'Take', '--tenant', 'south'], { input })).out).toBe('Nothing found.\n')
    expect((await thatdam(['vector', 'Take', 'a', '--tenant', 'south'])).status).toBe(1)
    expect((await thatdam(['query', 'Take', '--json'], { input })).json()).toMatchObject({ error: { code: 'invalid' } })
  })

  it.each([
    ['is not JSON', '{"vector":', 'invalid', '<stdin> is not JSON'],
    ['is no object', '[1,2]', 'invalid', '<stdin> is not a JSON object'],
    ['has no vector', '{}', 'invalid', 'Shot'],
    ['has a vector of another length', '{"vector":[1,2]}', 'invalid', 'length 2'],
    ['has an unknown property', '{"vector":[1,2,3],"metadata":{"colour":"red"}}', 'invalid', 'colour'],
  ])('are refused where the input %s', async (_, input, code, text) => {
    const { thatdam } = await startShell()
    await thatdam(['upsert', 'Shot', 'first'], { input: '{"vector":[1,0,0]}' })
    const ran = await thatdam(['upsert', 'Shot', 'x', '--json'], { input })
    expect(ran.status).toBe(1)
    expect(ran.json()).toMatchObject({ error: { code, message: expect.stringContaining(text) } })
    expect((await thatdam(['vector', 'Shot', 'x'])).status).toBe(1)
  })

  it.each([
    [['vector', 'Shot', '..'], '".."'],
    [['query', '.'], '"."'],
  ])('%j is refused, rather than asked of another address', async (args, text) => {
    const { thatdam } = await startShell()
    expect((await thatdam([...args, '--json'], { input: '{"vector":[1]}' })).json()).toMatchObject({
      error: { code: 'invalid', message: expect.stringContaining(text) },
    })
  })
})

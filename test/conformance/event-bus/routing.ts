import { expect, it } from 'vitest'
import { bodies, never, oddNames, type Stage } from './stage'

/** Pattern, keys that match it, keys that do not. */
const topics: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['media.new', ['media.new'], ['media', 'media.old', 'media.new.', '.media.new', 'Media.new', '']],
  ['media.*', ['media.new', 'media.', 'media.*'], ['media', 'media.a.b', 'other.new']],
  ['*.new', ['media.new', '.new'], ['new', 'a.b.new']],
  ['*', ['a', 'a b'], ['', 'a.b', '.']],
  ['*.*', ['a.b', '.'], ['a', 'a.b.c']],
  ['#', ['', 'a', 'a.b.c', '.', '..'], []],
  ['media.#', ['media', 'media.a', 'media.a.b', 'media.'], ['', 'medi', 'mediaa.a']],
  ['#.new', ['new', 'a.new', 'a.b.new', '.new'], ['new.a', 'anew']],
  ['a.#.z', ['a.z', 'a.b.z', 'a.z.z', 'a..z'], ['a', 'z', 'a.z.b']],
  ['a.*.#', ['a.b', 'a.b.c', 'a.'], ['a']],
  ['#.#', ['', 'a', 'a.b'], []],
  ['#.a.#.a.#', ['a.a', 'a.b.a', 'x.a.y.a.z'], ['a', 'a.b']],
  ['', [''], ['a', '.']],
  ['.', ['.'], ['', 'a', '..']],
  ['a..b', ['a..b'], ['a.b', 'a.x.b']],
  ['медиа.*', ['медиа.новое'], ['медиа']],
  ['a.b*', ['a.b*'], ['a.bc', 'a.b']],
  ['a.b#', ['a.b#'], ['a.b', 'a.b.c']],
]

type Headers = Readonly<Record<string, string>>

/** Arguments of a binding, headers that match them, headers that do not. */
const headerMatches: readonly (readonly [Headers, readonly Headers[], readonly Headers[]])[] = [
  [{ format: 'pdf' }, [{ format: 'pdf' }, { format: 'pdf', pages: '3' }], [{}, { format: 'PDF' }, { Format: 'pdf' }, { format: '' }]],
  [{ 'x-match': 'all', a: '1', b: '2' }, [{ a: '1', b: '2' }], [{ a: '1' }, { a: '1', b: '3' }]],
  [{ 'x-match': 'any', a: '1', b: '2' }, [{ a: '1' }, { a: '3', b: '2' }], [{}, { a: '2', b: '1' }]],
  [{ 'x-match': 'all' }, [{}, { a: '1' }], []],
  [{ 'x-match': 'any' }, [], [{}, { a: '1' }]],
  [{ 'x-match': 'all', 'x-a': '1', b: '2' }, [{ b: '2' }, { b: '2', 'x-a': '3' }], [{ 'x-a': '1' }]],
  [{ 'x-match': 'any', 'x-a': '1' }, [], [{ 'x-a': '1' }]],
  [{ 'x-match': 'all-with-x', 'x-a': '1', b: '2' }, [{ b: '2', 'x-a': '1' }], [{ b: '2' }, { b: '2', 'x-a': '2' }]],
  [{ 'x-match': 'all-with-x' }, [{}, { 'x-match': 'other' }], []],
  [{ 'x-match': 'any-with-x', 'x-a': '1', b: '2' }, [{ 'x-a': '1' }, { b: '2' }], [{}, { 'x-a': '2' }]],
  [{ empty: '' }, [{ empty: '' }], [{}, { empty: ' ' }]],
  [{ constructor: 'a', toString: 'b' }, [{ constructor: 'a', toString: 'b' }], [{}, { constructor: 'a' }]],
  [{ 'снимок 🎬': 'имя' }, [{ 'снимок 🎬': 'имя' }], [{ 'снимок 🎬': 'имя ' }]],
]

export function routingCases(stage: () => Stage): void {
  it.each(topics)('routes by the topic pattern %j', async (pattern, matching, others) => {
    const { declare, send, drain } = stage()
    await declare('x', 'topic', { q: [pattern] })
    for (const key of matching) expect(await send('x', key, key), `key ${JSON.stringify(key)}`).toMatchObject({ routed: true })
    for (const key of others) expect(await send('x', key, key), `key ${JSON.stringify(key)}`).toMatchObject({ routed: false })
    expect((await drain('q')).map(({ routingKey }) => routingKey)).toEqual(matching)
  })

  it('delivers once to a queue, however many of its bindings match', async () => {
    const { declare, send, drain } = stage()
    await declare('x', 'topic', { q: ['#', 'a.*', '*.b', 'a.b', 'a.#'] })
    await send('x', 'a.b', 'one')
    expect(bodies(await drain('q'))).toEqual(['one'])
  })

  it('gives every bound queue a copy of its own', async () => {
    const { declare, send, drain } = stage()
    await declare('x', 'topic', { one: ['a'], two: ['*'], three: ['b'] })
    await send('x', 'a', 'shared')
    expect(bodies(await drain('one'))).toEqual(['shared'])
    expect(bodies(await drain('two'))).toEqual(['shared'])
    expect(bodies(await drain('three'))).toEqual([])
  })

  it('routes by the equal key in a direct exchange, where wildcards mean nothing', async () => {
    const { declare, send, drain } = stage()
    await declare('x', 'direct', { one: ['a.b'], two: ['a.b', 'c'], wild: ['a.*', '#'] })
    await send('x', 'a.b', '1')
    await send('x', 'c', '2')
    expect(await send('x', 'd', '3')).toMatchObject({ routed: false })
    await send('x', '#', '4')
    expect(bodies(await drain('one'))).toEqual(['1'])
    expect(bodies(await drain('two'))).toEqual(['1', '2'])
    expect(bodies(await drain('wild'))).toEqual(['4'])
  })

  it.each(['fanout', 'headers'] as const)('routes to every bound queue, whatever the key, in a %s exchange', async (type) => {
    const { declare, send, drain } = stage()
    await declare('x', type, { one: ['a'], two: ['', 'b'] })
    await send('x', 'c', '1', { headers: { format: 'pdf' } })
    await send('x', '', '2')
    expect(bodies(await drain('one'))).toEqual(['1', '2'])
    expect(bodies(await drain('two'))).toEqual(['1', '2'])
  })

  it.each(headerMatches)('routes by headers that match %j in a headers exchange, whatever the key', async (given, matching, others) => {
    const { bus, vhost, declare, queue, send, drain } = stage()
    await declare('x', 'headers', {})
    await queue('q')
    await bus.ensureBinding(vhost, { exchange: 'x', queue: 'q', key: 'k', arguments: given }, never)
    for (const headers of matching)
      expect(await send('x', 'other', 'in', { headers }), JSON.stringify(headers)).toMatchObject({ routed: true })
    for (const headers of others) expect(await send('x', 'k', 'out', { headers }), JSON.stringify(headers)).toMatchObject({ routed: false })
    expect((await drain('q')).map(({ headers }) => headers)).toEqual(matching)
  })

  it('delivers once to a queue that several bindings of a headers exchange lead to', async () => {
    const { bus, vhost, declare, queue, send, drain } = stage()
    await declare('x', 'headers', {})
    await queue('q')
    for (const given of [{ a: '1' }, { b: '2' }, { 'x-match': 'any', a: '1', c: '3' }]) {
      await bus.ensureBinding(vhost, { exchange: 'x', queue: 'q', key: '', arguments: given }, never)
    }
    for (const headers of [{ a: '1', b: '2' }, { c: '3' }, { d: '4' }]) await send('x', '', JSON.stringify(headers), { headers })
    expect(bodies(await drain('q'))).toEqual(['{"a":"1","b":"2"}', '{"c":"3"}'])
  })

  it('routes by queue name in the default exchange', async () => {
    const { queue, send, drain } = stage()
    await queue('a.b')
    await queue('a.*')
    expect(await send('', 'a.b', 'direct')).toMatchObject({ routed: true })
    expect(await send('', 'a', 'nobody')).toMatchObject({ routed: false })
    expect(await drain('a.b')).toMatchObject([{ exchange: '', routingKey: 'a.b' }])
    expect(await drain('a.*')).toEqual([])
  })

  it.each(oddNames)('routes by the odd name %j', async (name) => {
    const { bus, vhost, declare, queue, send, drain } = stage()
    await declare(name, 'direct', {})
    await queue(name)
    await bus.ensureBinding(vhost, { exchange: name, queue: name, key: name }, never)
    await send(name, name, 'found')
    expect(await drain(name)).toMatchObject([{ exchange: name, routingKey: name }])
  })

  it('heeds a binding from the moment it is made', async () => {
    const { bus, vhost, declare, queue, send, drain } = stage()
    await declare('x', 'topic', {})
    await queue('q')
    expect(await send('x', 'a', 'before')).toMatchObject({ routed: false })
    await bus.ensureBinding(vhost, { exchange: 'x', queue: 'q', key: 'a' }, never)
    expect(await send('x', 'a', 'after')).toMatchObject({ routed: true })
    expect(bodies(await drain('q'))).toEqual(['after'])
  })

  it('finds the one among a thousand bindings', async () => {
    const { bus, vhost, declare, send, drain } = stage()
    await declare('x', 'topic', { right: [], wrong: [] })
    const bind = (queue: string, key: string) => bus.ensureBinding(vhost, { exchange: 'x', queue, key }, never)
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => bind(n === 700 ? 'right' : 'wrong', `studio.${n}.*`)))
    await send('x', 'studio.700.new', 'here')
    expect(bodies(await drain('right'))).toEqual(['here'])
    expect(bodies(await drain('wrong'))).toEqual([])
  })
}

import { describe, expect, it } from 'vitest'
import { closesCycle, type Death, withDeath } from '../../../../../src/main/adapters/bus-inproc/deaths'

const death = (more: Partial<Death> = {}): Death => ({ queue: 'q', reason: 'expired', exchange: 'x', routingKey: 'k', at: 1_999, ...more })
const historyIn = (headers: Readonly<Record<string, string>>) => JSON.parse(headers['x-death'] ?? '[]')

describe('withDeath', () => {
  it('keeps the other headers and writes the first and the last death beside the history', () => {
    expect(withDeath({ a: '1' }, death())).toEqual({
      a: '1',
      'x-first-death-reason': 'expired',
      'x-first-death-queue': 'q',
      'x-first-death-exchange': 'x',
      'x-last-death-reason': 'expired',
      'x-last-death-queue': 'q',
      'x-last-death-exchange': 'x',
      'x-death': '[{"queue":"q","reason":"expired","exchange":"x","routing-keys":["k"],"count":1,"time":1}]',
    })
  })

  it('counts on, keeps time, exchange and key of the first of the same, and moves it to the front', () => {
    const twice = withDeath(withDeath({}, death()), death({ queue: 'other', reason: 'rejected' }))
    const thrice = withDeath(twice, death({ exchange: 'later', routingKey: 'l', at: 9_000 }))
    expect(historyIn(thrice)).toEqual([
      { queue: 'q', reason: 'expired', exchange: 'x', 'routing-keys': ['k'], count: 2, time: 1 },
      { queue: 'other', reason: 'rejected', exchange: 'x', 'routing-keys': ['k'], count: 1, time: 1 },
    ])
    expect(thrice).toMatchObject({ 'x-first-death-queue': 'q', 'x-last-death-exchange': 'later' })
  })

  it('tells the same queue apart by reason', () => {
    expect(historyIn(withDeath(withDeath({}, death()), death({ reason: 'rejected' })))).toMatchObject([
      { reason: 'rejected', count: 1 },
      { reason: 'expired', count: 1 },
    ])
  })
})

describe('closesCycle', () => {
  const having = (...deaths: Partial<Death>[]) =>
    deaths.reduce<Readonly<Record<string, string>>>((headers, one) => withDeath(headers, death(one)), {})

  it('is so for a queue that the message died in, without a rejection since', () => {
    expect(closesCycle(having({ queue: 'a' }), 'a')).toBe(true)
    expect(closesCycle(having({ queue: 'a' }, { queue: 'b' }), 'a')).toBe(true)
  })

  it('is not so for a queue it never died in, nor across a rejection', () => {
    expect(closesCycle({}, 'a')).toBe(false)
    expect(closesCycle(having({ queue: 'a' }), 'b')).toBe(false)
    expect(closesCycle(having({ queue: 'a', reason: 'rejected' }, { queue: 'b' }), 'a')).toBe(false)
    expect(closesCycle(having({ queue: 'a' }, { queue: 'b', reason: 'rejected' }, { queue: 'c' }), 'a')).toBe(false)
  })
})

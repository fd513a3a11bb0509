import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { turnedAway } from '../../../src/renderer/fixtures'
import { createModel, type Model } from '../../../src/renderer/model'
import { eventLimit } from '../../../src/renderer/stores/events'
import { realTime } from '../../../src/renderer/time'
import { fromErrorBody, UserError } from '../../../src/shared/errors'
import { fixture, ledNode, someEvent, statusOf, unreachable } from './led-node'

describe('the model of the page', () => {
  let node: ReturnType<typeof ledNode>
  let model: Model
  let stop: AbortController
  let running: Promise<void>

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 })
    node = ledNode()
    node.answers.events = () => fixture('converged').events
    node.answers.setup = () => fixture('not-set-up').setup
    node.answers.apply = () => fixture('converged').apply
    model = createModel(node.client, realTime)
    stop = new AbortController()
    running = model.run(stop.signal)
  })
  afterEach(async () => {
    stop.abort()
    await running
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })

  const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms)

  it('knows nothing at first, and says so', () => {
    expect([model.connection.getState(), model.status.getState().status]).toEqual([{ phase: 'connecting' }, null])
  })

  it('shows what the node says and asks for what happened before', async () => {
    node.say({ type: 'status', status: statusOf('converged') })
    await settle()
    expect(model.connection.getState()).toEqual({ phase: 'live' })
    expect(model.status.getState().status?.resources).toBe(14)
    expect(model.events.getState()).toMatchObject({ loaded: true, error: null })
    expect(model.events.getState().events).toHaveLength(fixture('converged').events.length)
    expect(node.calls).toEqual(['events'])
  })

  it('asks once, however many statuses come', async () => {
    node.say({ type: 'status', status: statusOf('converging') }, { type: 'status', status: statusOf('converged') })
    await settle()
    expect(node.calls).toEqual(['events'])
  })

  it('asks a node that is not set up what starting would make, and for its events once it is', async () => {
    node.say({ type: 'status', status: statusOf('not-set-up') })
    await settle()
    expect([node.calls, model.setup.getState().setup?.done]).toEqual([['setup'], false])
    node.say({ type: 'status', status: statusOf('converged') })
    await settle()
    expect(node.calls).toEqual(['setup', 'events'])
  })

  it('keeps each event once, newest first, up to a limit', async () => {
    node.say({ type: 'status', status: statusOf('converged') })
    for (let n = 1; n <= eventLimit + 50; n++) node.say({ type: 'event', event: someEvent(n) }, { type: 'event', event: someEvent(n) })
    await settle(50)
    const ids = model.events.getState().events.map((event) => event.event_id)
    expect([ids.length, new Set(ids).size]).toEqual([eventLimit, eventLimit])
    expect([ids[0], ids.at(-1)]).toEqual([someEvent(eventLimit + 50).event_id, someEvent(51).event_id])
  })

  it('changes its list once for a burst', async () => {
    node.say({ type: 'status', status: statusOf('converged') })
    await settle()
    let changes = 0
    const unsubscribe = model.events.subscribe(() => changes++)
    for (let n = 1; n <= 100; n++) node.say({ type: 'event', event: someEvent(n) })
    await settle(50)
    unsubscribe()
    expect(changes).toBe(1)
  })

  it('keeps what it knew when the node goes away, and since when', async () => {
    node.say({ type: 'status', status: statusOf('converged') })
    await settle()
    await settle(5_000)
    node.goAway()
    await settle()
    expect(model.connection.getState()).toEqual({
      phase: 'lost',
      error: { code: 'unavailable', message: 'The node does not answer.', hint: 'Start it.' },
      since: 1_005_000,
    })
    await settle(5_000)
    expect(model.connection.getState()).toMatchObject({ phase: 'lost', since: 1_005_000 })
    expect(model.status.getState().status?.resources).toBe(14)
  })

  it('tries again with growing pauses, up to ten seconds', async () => {
    node.goAway()
    await settle()
    const pauses: number[] = []
    for (const pause of [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
      const before = node.attempts()
      await settle(pause - 1)
      const early = node.attempts() - before
      await settle(1)
      pauses.push(early, node.attempts() - before)
    }
    expect(pauses).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
  })

  it('comes back by itself and asks again for what it missed', async () => {
    node.say({ type: 'status', status: statusOf('converged') })
    await settle()
    node.goAway()
    await settle()
    node.comeBack()
    node.say({ type: 'status', status: statusOf('error') })
    await settle(500)
    expect(model.connection.getState().phase).toBe('live')
    expect(node.calls).toEqual(['events', 'events'])
  })

  it('starts with short pauses again after it was in touch', async () => {
    node.goAway()
    await settle(500 + 1_000 + 2_000)
    node.comeBack()
    node.say({ type: 'status', status: statusOf('converged') })
    await settle(4_000)
    expect(model.connection.getState().phase).toBe('live')
    node.goAway()
    await settle()
    const before = node.attempts()
    await settle(500)
    expect(node.attempts() - before).toBe(1)
  })

  it('tries at once when asked', async () => {
    node.goAway()
    await settle()
    node.comeBack()
    node.say({ type: 'status', status: statusOf('converged') })
    model.retryNow()
    await settle()
    expect(model.connection.getState().phase).toBe('live')
  })

  it('tries no more when the node does not know this browser', async () => {
    node.goAway(fromErrorBody(turnedAway))
    await running
    await settle(60_000)
    expect([model.connection.getState(), node.attempts()]).toEqual([{ phase: 'signed-out', error: turnedAway }, 1])
  })

  it('says why the events could not be read, and reads them when it is back in touch', async () => {
    node.answers.events = () => {
      throw unreachable
    }
    node.say({ type: 'status', status: statusOf('converged') })
    await settle()
    expect(model.events.getState()).toMatchObject({ loaded: true, error: { message: 'The node does not answer.' } })
    node.answers.events = () => fixture('converged').events
    node.goAway()
    await settle()
    node.comeBack()
    node.say({ type: 'status', status: statusOf('converged') })
    await settle(500)
    expect(model.events.getState().error).toBeNull()
  })

  it('checks once at a time and keeps the outcome', async () => {
    const gate = Promise.withResolvers<unknown>()
    node.answers.apply = () => gate.promise
    const first = model.checkNow()
    await model.checkNow()
    expect([model.check.getState(), node.calls]).toEqual([{ phase: 'running' }, ['apply']])
    gate.resolve(fixture('converged').apply)
    await first
    expect(model.check.getState()).toMatchObject({ phase: 'done', result: { applied: 0 }, at: 1_000_000 })
  })

  it('keeps the error of a check that failed, and can check again', async () => {
    node.answers.apply = () => {
      throw unreachable
    }
    await model.checkNow()
    expect(model.check.getState()).toEqual({
      phase: 'failed',
      error: { code: 'unavailable', message: 'The node does not answer.', hint: 'Start it.' },
      at: 1_000_000,
    })
    node.answers.apply = () => fixture('converged').apply
    await model.checkNow()
    expect(model.check.getState().phase).toBe('done')
  })

  it('starts once at a time and keeps the error of a start that failed', async () => {
    const gate = Promise.withResolvers<unknown>()
    node.answers.start = () => gate.promise
    const first = model.start()
    await model.start()
    expect([model.setup.getState().starting, node.calls]).toEqual([true, ['start']])
    gate.reject(new UserError('no-space', 'The disk is full.'))
    await first
    expect(model.setup.getState()).toMatchObject({ starting: false, error: { code: 'no-space', message: 'The disk is full.' } })
  })

  it('lets its clock move only when it is told', async () => {
    await settle(3_000)
    expect(model.clock.getState().now).toBe(1_000_000)
    model.tick()
    expect(model.clock.getState().now).toBe(1_003_000)
  })
})

import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DispatcherQueue, openDispatcher } from '../../../../../src/main/adapters/bus-inproc/dispatcher'
import { endOf } from '../../../../../src/main/adapters/bus-inproc/lifetime'
import { type Content, type Messages, openMessages } from '../../../../../src/main/adapters/bus-inproc/messages'
import { migrations } from '../../../../../src/main/adapters/bus-inproc/schema'
import { noPolicy } from '../../../../../src/main/adapters/bus-inproc/topology'
import { type Database, openDatabase } from '../../../../../src/main/adapters/sqlite/database'
import { PortError } from '../../../../../src/shared/errors'
import { bytes, never, text } from '../../../../conformance/event-bus/stage'
import { temporaryDirectory } from './workbench'

const QUEUE = 1

/** What a file system says when the disk under a database fails. */
class DiskFailure extends Error {
  readonly code = 'EIO'
}

const content = (body: string): Content => ({
  messageId: body,
  exchange: '',
  routingKey: 'q',
  contentType: null,
  headers: null,
  length: body.length,
  body: bytes(body),
  segment: null,
  start: null,
  checksum: null,
})

describe('openDispatcher', () => {
  let directory: ReturnType<typeof temporaryDirectory>
  let db: Database
  let messages: Messages
  let now: number
  let ended: number
  beforeEach(() => {
    directory = temporaryDirectory()
    db = openDatabase(join(directory.path, 'bus.db'), migrations)
    db.exec("INSERT INTO queues (id, vhost, name, type) VALUES (1, '/', 'q', 'classic')")
    messages = openMessages(db)
    now = 0
    ended = 0
    for (const body of ['a', 'b', 'c', 'd', 'e']) messages.add(QUEUE, { arrived: 0, expires: null }, content(body))
  })
  afterEach(() => {
    db.close()
    directory.remove()
  })

  const queue = (more: Partial<DispatcherQueue> = {}): DispatcherQueue => ({
    id: QUEUE,
    label: 'Queue "q"',
    deliveredTo: 0,
    reader: () => ({
      read: () => {
        throw new TypeError('no body lies in a segment here')
      },
    }),
    hasEnded: (message) => endOf(message, noPolicy) <= now,
    onEnded: () => {
      ended += 1
    },
    onGivenBack: () => undefined,
    settle: ({ place }, _as, done) => {
      messages.remove(QUEUE, place, place)
      done()
    },
    ...more,
  })
  const read = (dispatcher: ReturnType<typeof openDispatcher>, name: string, prefetch: number) => {
    const { subscription } = dispatcher.addConsumer(name, prefetch, never)
    const iterator = subscription[Symbol.asyncIterator]()
    return { subscription, next: () => iterator.next() }
  }
  const bodyOf = ({ value }: IteratorResult<{ body: Uint8Array }, unknown>) => text((value as { body: Uint8Array }).body)

  it('reads no more messages than its consumers have room for', async () => {
    let rows = 0
    const dispatcher = openDispatcher(queue(), {
      ...messages,
      after(...args) {
        const found = messages.after(...args)
        rows += found.length
        return found
      },
    })
    const { next } = read(dispatcher, 'one', 3)
    expect(bodyOf(await next())).toBe('a')
    expect(rows).toBe(3)
  })

  it('hands out what was given back before anything newer, in order, and only what is still there', async () => {
    const dispatcher = openDispatcher(queue(), messages)
    const one = read(dispatcher, 'one', 4)
    for (const body of ['a', 'b', 'c', 'd']) expect(bodyOf(await one.next())).toBe(body)
    await one.subscription.settle('one.3', 'requeue')
    await one.subscription.close()
    messages.remove(QUEUE, 2, 2)
    const other = read(dispatcher, 'other', 9)
    const seen = [await other.next(), await other.next(), await other.next(), await other.next()]
    expect(seen.map(bodyOf)).toEqual(['a', 'c', 'd', 'e'])
    expect(seen.map(({ value }) => value?.redelivered)).toEqual([true, true, true, false])
  })

  it('stops before a message that has ended, and goes on once that was taken away', async () => {
    const place = messages.add(QUEUE, { arrived: 0, expires: 10 }, content('ends'))
    messages.add(QUEUE, { arrived: 0, expires: null }, content('f'))
    now = 10
    const dispatcher = openDispatcher(queue(), messages)
    const { next } = read(dispatcher, 'one', 9)
    for (const body of ['a', 'b', 'c', 'd', 'e']) expect(bodyOf(await next())).toBe(body)
    const waiting = next()
    await Promise.resolve()
    expect(ended).toBeGreaterThan(0)
    messages.remove(QUEUE, place, place)
    dispatcher.wake()
    expect(bodyOf(await waiting)).toBe('f')
  })

  it('does not deliver what ended after it was given and before it was read', async () => {
    messages.remove(QUEUE, 1, 5)
    const place = messages.add(QUEUE, { arrived: 0, expires: 10 }, content('ends'))
    messages.add(QUEUE, { arrived: 0, expires: null }, content('stays'))
    const dispatcher = openDispatcher(queue(), messages)
    const { next } = read(dispatcher, 'one', 9)
    await Promise.resolve()
    now = 10
    expect(bodyOf(await next())).toBe('stays')
    expect(dispatcher.givenBack()).toMatchObject([{ place }])
  })

  it('ends its streams with a PortError when the queue cannot be read', async () => {
    const failing = {
      ...messages,
      after: () => {
        throw new DiskFailure('disk I/O error')
      },
    }
    const { next } = read(openDispatcher(queue(), failing), 'one', 1)
    await expect(next()).rejects.toMatchObject({ name: 'PortError', code: 'internal', message: expect.stringContaining('Queue "q"') })
    expect(await next()).toMatchObject({ done: true })
  })

  it('ends the stream that cannot read its message, and gives the message to another', async () => {
    messages.remove(QUEUE, 1, 5)
    const place = messages.add(
      QUEUE,
      { arrived: 0, expires: null },
      { ...content('in a file'), body: null, segment: 1, start: 0, checksum: 0 },
    )
    let failures = 1
    const reader = () => ({
      read() {
        if (failures-- > 0) throw new DiskFailure('disk I/O error')
        return bytes('in a file')
      },
    })
    const dispatcher = openDispatcher(queue({ reader }), messages)
    const one = read(dispatcher, 'one', 2)
    await expect(one.next()).rejects.toMatchObject({ code: 'internal' })
    expect(dispatcher.givenBack()).toMatchObject([{ place }])
    expect(bodyOf(await read(dispatcher, 'other', 2).next())).toBe('in a file')
  })

  it('keeps a delivery in hand when its settlement could not be stored', async () => {
    let failures = 1
    const settle: DispatcherQueue['settle'] = ({ place }, _as, done, fail) => {
      if (failures-- > 0) {
        fail(new PortError('no-space', 'Queue "q": the disk is full'))
        return
      }
      messages.remove(QUEUE, place, place)
      done()
    }
    const { subscription, next } = read(openDispatcher(queue({ settle }), messages), 'one', 1)
    const { value } = await next()
    const delivery = value?.delivery ?? ''
    await expect(subscription.settle(delivery, 'ack')).rejects.toMatchObject({ code: 'no-space' })
    await subscription.settle(delivery, 'ack')
    expect(bodyOf(await next())).toBe('b')
  })

  it('gives back a delivery whose settlement failed after its stream had ended', async () => {
    let failLater: (error: unknown) => void = () => undefined
    const settle: DispatcherQueue['settle'] = (_message, _as, _done, fail) => {
      failLater = fail
    }
    const dispatcher = openDispatcher(queue({ settle }), messages)
    const one = read(dispatcher, 'one', 1)
    const { value } = await one.next()
    const refused = expect(one.subscription.settle(value?.delivery ?? '', 'ack')).rejects.toMatchObject({ code: 'unavailable' })
    await one.subscription.close()
    const other = read(dispatcher, 'other', 5)
    for (const body of ['b', 'c', 'd', 'e']) expect(bodyOf(await other.next())).toBe(body)
    failLater(new PortError('unavailable', 'Queue "q": the database is busy'))
    await refused
    const again = await other.next()
    expect(bodyOf(again)).toBe('a')
    expect(again.value?.redelivered).toBe(true)
  })

  it('does not give back a delivery whose settlement was on the way when its stream ended', async () => {
    let finish = () => {}
    const settle: DispatcherQueue['settle'] = ({ place }, _as, done) => {
      finish = () => {
        messages.remove(QUEUE, place, place)
        done()
      }
    }
    const dispatcher = openDispatcher(queue({ settle }), messages)
    const one = read(dispatcher, 'one', 1)
    const { value } = await one.next()
    const settled = one.subscription.settle(value?.delivery ?? '', 'ack')
    await one.subscription.close()
    finish()
    await settled
    const other = read(dispatcher, 'other', 4)
    const seen = [await other.next(), await other.next(), await other.next(), await other.next()].map(bodyOf)
    expect(seen).toEqual(['b', 'c', 'd', 'e'])
  })
})

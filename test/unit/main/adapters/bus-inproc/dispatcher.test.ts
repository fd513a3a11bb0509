import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DispatcherQueue, openDispatcher } from '../../../../../src/main/adapters/bus-inproc/dispatcher'
import { type Messages, openMessages } from '../../../../../src/main/adapters/bus-inproc/messages'
import { migrations } from '../../../../../src/main/adapters/bus-inproc/schema'
import { type Database, openDatabase } from '../../../../../src/main/adapters/sqlite/database'
import { PortError } from '../../../../../src/shared/errors'
import { bytes, never, text } from '../../../../conformance/event-bus/stage'
import { temporaryDirectory } from './workbench'

const QUEUE = 1

/** What a file system says when the disk under a database fails. */
class DiskFailure extends Error {
  readonly code = 'EIO'
}

describe('openDispatcher', () => {
  let directory: ReturnType<typeof temporaryDirectory>
  let db: Database
  let messages: Messages
  beforeEach(() => {
    directory = temporaryDirectory()
    db = openDatabase(join(directory.path, 'bus.db'), migrations)
    db.exec("INSERT INTO queues (id, vhost, name, type) VALUES (1, '/', 'q', 'classic')")
    messages = openMessages(db)
    for (const body of ['a', 'b', 'c', 'd', 'e']) {
      messages.add({ messageId: body, exchange: '', routingKey: 'q', contentType: 'text/plain', headers: '{}', body: bytes(body) }, 0, [
        QUEUE,
      ])
    }
  })
  afterEach(() => {
    db.close()
    directory.remove()
  })

  const queue = (more: Partial<DispatcherQueue> = {}): DispatcherQueue => ({
    id: QUEUE,
    label: 'Queue "q"',
    deliveredTo: 0,
    remove: async (message) => messages.remove(QUEUE, message),
    ...more,
  })
  const read = (dispatcher: ReturnType<typeof openDispatcher>, name: string, prefetch: number) => {
    const { subscription } = dispatcher.addConsumer(name, prefetch, never)
    const iterator = subscription[Symbol.asyncIterator]()
    return { subscription, next: () => iterator.next() }
  }
  const bodyOf = ({ value }: IteratorResult<{ body: Uint8Array }, unknown>) => text((value as { body: Uint8Array }).body)

  it('looks up no more ids than its consumers have room for, and reads no body before it is asked for', async () => {
    const bodies: number[] = []
    let ids = 0
    const dispatcher = openDispatcher(queue(), {
      ...messages,
      idsAfter(...args) {
        const found = messages.idsAfter(...args)
        ids += found.length
        return found
      },
      read(id, message) {
        bodies.push(message)
        return messages.read(id, message)
      },
    })
    const { next } = read(dispatcher, 'one', 3)
    expect(bodyOf(await next())).toBe('a')
    expect(ids).toBe(3)
    expect(bodies).toHaveLength(1)
  })

  it('ends its streams with a PortError when the queue cannot be read', async () => {
    const failing = {
      ...messages,
      idsAfter: () => {
        throw new DiskFailure('disk I/O error')
      },
    }
    const { next } = read(openDispatcher(queue(), failing), 'one', 1)
    await expect(next()).rejects.toMatchObject({ name: 'PortError', code: 'internal', message: expect.stringContaining('Queue "q"') })
    expect(await next()).toMatchObject({ done: true })
  })

  it('ends the stream that cannot read its message, and gives the message to another', async () => {
    let failures = 1
    const dispatcher = openDispatcher(queue(), {
      ...messages,
      read(id, message) {
        if (failures-- > 0) throw new DiskFailure('disk I/O error')
        return messages.read(id, message)
      },
    })
    const one = read(dispatcher, 'one', 2)
    await expect(one.next()).rejects.toMatchObject({ code: 'internal' })
    const other = read(dispatcher, 'other', 2)
    expect(bodyOf(await other.next())).toBe('a')
    expect(bodyOf(await other.next())).toBe('b')
  })

  it('keeps a delivery in hand when its settlement could not be stored', async () => {
    let failures = 1
    const remove = async (message: number) => {
      if (failures-- > 0) throw new PortError('no-space', 'Queue "q": the disk is full')
      messages.remove(QUEUE, message)
    }
    const { subscription, next } = read(openDispatcher(queue({ remove }), messages), 'one', 1)
    const { value } = await next()
    const delivery = value?.delivery ?? ''
    await expect(subscription.settle(delivery, 'ack')).rejects.toMatchObject({ code: 'no-space' })
    await subscription.settle(delivery, 'ack')
    expect(bodyOf(await next())).toBe('b')
  })

  it('gives back a delivery whose settlement failed after its stream had ended', async () => {
    const stored = Promise.withResolvers<void>()
    const dispatcher = openDispatcher(queue({ remove: () => stored.promise }), messages)
    const one = read(dispatcher, 'one', 1)
    const { value } = await one.next()
    const refused = expect(one.subscription.settle(value?.delivery ?? '', 'ack')).rejects.toMatchObject({ code: 'unavailable' })
    await one.subscription.close()
    const other = read(dispatcher, 'other', 5)
    for (const body of ['b', 'c', 'd', 'e']) expect(bodyOf(await other.next())).toBe(body)
    stored.reject(new PortError('unavailable', 'Queue "q": the database is busy'))
    await refused
    const again = await other.next()
    expect(bodyOf(again)).toBe('a')
    expect(again.value?.redelivered).toBe(true)
  })

  it('does not give back a delivery whose settlement was on the way when its stream ended', async () => {
    const stored = Promise.withResolvers<void>()
    const remove = async (message: number) => {
      await stored.promise
      messages.remove(QUEUE, message)
    }
    const dispatcher = openDispatcher(queue({ remove }), messages)
    const one = read(dispatcher, 'one', 1)
    const { value } = await one.next()
    const settled = one.subscription.settle(value?.delivery ?? '', 'ack')
    await one.subscription.close()
    stored.resolve()
    await settled
    const other = read(dispatcher, 'other', 4)
    const seen = [await other.next(), await other.next(), await other.next(), await other.next()].map(bodyOf)
    expect(seen).toEqual(['b', 'c', 'd', 'e'])
  })
})

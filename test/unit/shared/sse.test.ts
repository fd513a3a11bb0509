import { describe, expect, it } from 'vitest'
import { createSseDecoder, readServerSentEvents, type ServerSentEvent } from '../../../src/shared/sse'

const bytes = (text: string) => new TextEncoder().encode(text)

/** What a decoder makes of `text` that arrives in pieces of `size` bytes. */
function decode(text: string, size = Number.POSITIVE_INFINITY): ServerSentEvent[] {
  const decoder = createSseDecoder()
  const all = bytes(text)
  const events: ServerSentEvent[] = []
  for (let i = 0; i < all.length; i += Math.min(size, all.length)) events.push(...decoder(all.subarray(i, i + size)))
  return events
}

const cases: [string, string, ServerSentEvent[]][] = [
  ['one event', 'data: a\n\n', [{ event: 'message', data: 'a' }]],
  [
    'several events',
    'data: a\n\ndata: b\n\n',
    [
      { event: 'message', data: 'a' },
      { event: 'message', data: 'b' },
    ],
  ],
  ['data of several lines', 'data: a\ndata:\ndata: b\n\n', [{ event: 'message', data: 'a\n\nb' }]],
  [
    'lines that end in CRLF, LF and CR',
    'data: a\r\ndata: b\r\rdata: c\n\n',
    [
      { event: 'message', data: 'a\nb' },
      { event: 'message', data: 'c' },
    ],
  ],
  ['comments', ': hello\n\ndata: a\n: still here\n\n', [{ event: 'message', data: 'a' }]],
  ['an event by name', 'event: status\ndata: a\n\n', [{ event: 'status', data: 'a' }]],
  ['a name without data, which is no event', 'event: status\n\ndata: a\n\n', [{ event: 'message', data: 'a' }]],
  ['one space after the colon, and no more', 'data:a\ndata:  b\n\n', [{ event: 'message', data: 'a\n b' }]],
  ['a field without a colon', 'data\n\n', [{ event: 'message', data: '' }]],
  ['fields that it does not know', 'id: 7\nretry: 5\nother: x\ndata: a\n\n', [{ event: 'message', data: 'a' }]],
  ['a byte order mark', '\ufeffdata: a\n\n', [{ event: 'message', data: 'a' }]],
  ['characters of two, three and four bytes', 'data: é – 🎬\n\n', [{ event: 'message', data: 'é – 🎬' }]],
  ['an event that the end cuts off', 'data: a\n\ndata: b\n', [{ event: 'message', data: 'a' }]],
]

describe.each(cases)('a decoder reads %s', (_name, text, events) => {
  it.each([1, 2, 3, 7, Number.POSITIVE_INFINITY])('in pieces of %d bytes', (size) => {
    expect(decode(text, size)).toEqual(events)
  })
})

it('empty pieces change nothing, between CR and LF neither', () => {
  const decoder = createSseDecoder()
  const events = ['data: a\r', '', '\n', '', '\r', '', '\n', 'data: b\n\n'].flatMap((piece) => decoder(bytes(piece)))
  expect(events.map(({ data }) => data)).toEqual(['a', 'b'])
})

describe('reading a body', () => {
  it('ends with it', async () => {
    const body = new Response('data: a\n\ndata: b\n\n').body
    if (body === null) throw new Error('the response has a body')
    const seen = []
    for await (const { data } of readServerSentEvents(body)) seen.push(data)
    expect(seen).toEqual(['a', 'b'])
  })

  it('cancels it where the reader leaves early', async () => {
    let cancelled = false
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(bytes('data: a\n\n')),
      cancel: () => {
        cancelled = true
      },
    })
    for await (const _event of readServerSentEvents(body)) break
    expect(cancelled).toBe(true)
  })

  it('rejects where it breaks', async () => {
    const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('reset')) })
    await expect(readServerSentEvents(body).next()).rejects.toThrow('reset')
  })
})

/** A client of server-sent events, for the tests beside this file. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { DeliveredMessage } from '../../../../../src/shared/data-plane'
import { type Client, json } from './workbench'

interface Event {
  readonly event: string
  readonly data: unknown
}

export interface Consumer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** The next event; undefined at the end of the stream. */
  event(): Promise<Event | undefined>
  /** The next delivery. */
  next(): Promise<DeliveredMessage>
  /** Cut the connection. */
  leave(): void
}

/** Subscribe. It resolves once the node says that it has. */
export async function consume(data: Client, queue: string, query = ''): Promise<Consumer> {
  const request = data.open('GET', { path: `/data/bus/queues/${queue}/messages${query}` })
  request.end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  request.on('error', () => undefined)
  const events = eventsOf(response)
  async function event(): Promise<Event | undefined> {
    const { value, done } = await events.next()
    return done === true ? undefined : value
  }
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    event,
    async next() {
      const found = await event()
      if (found?.event !== 'message') throw new Error(`a message was wanted, not ${JSON.stringify(found)}`)
      return found.data as DeliveredMessage
    },
    leave: () => request.destroy(),
  }
}

async function* eventsOf(response: IncomingMessage): AsyncGenerator<Event, undefined> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) {
    const searched = Math.max(0, text.length - 1)
    text += chunk
    for (let end = text.indexOf('\n\n', searched); end >= 0; end = text.indexOf('\n\n')) {
      const fields = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      const field = (name: string) => fields.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
      const data = field('data')
      if (data !== undefined) yield { event: field('event') ?? 'message', data: JSON.parse(data) }
    }
  }
  return undefined
}

export const publish = (data: Client, body: string, more: { query?: string; headers?: Record<string, string> } = {}) =>
  data.call('POST', {
    path: `/data/bus/exchanges/orders/messages?key=order.made${more.query ?? ''}`,
    headers: { 'content-type': 'text/plain', ...more.headers },
    body,
  })

export const settle = (data: Client, queue: string, asked: unknown) => data.call('POST', json(`/data/bus/queues/${queue}/acks`, asked))

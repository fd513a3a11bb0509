/** `thatdam data publish` and `consume`: messages by hand. */
import { type DeliveredMessage, deliverySchema, type Published } from '../../../../shared/data-plane'
import { UserError } from '../../../../shared/errors'
import { fromProblem, problemSchema } from '../../../../shared/problem'
import { createSseDecoder } from '../../../../shared/sse'
import { answer, type Context } from '../../context'
import { type DataClient, withData } from '../../data-client'
import { renderMessage } from '../../render/data'
import { pairs, wholeInput } from './files'

export interface PublishOptions {
  readonly type?: string
  readonly header?: readonly string[]
  readonly id?: string
  readonly ttl?: string
  readonly mandatory?: boolean
}

export async function publish(
  context: Context,
  exchange: string,
  key: string,
  file: string | undefined,
  options: PublishOptions,
): Promise<number> {
  const headers = pairs(options.header, '--header').map(([name, value]) => [`x-header-${name}`, encodeURIComponent(value)])
  const body = await wholeInput(context, file)
  const published = await withData(context, (client) =>
    client.json<Published>('POST', `/data/bus/exchanges/${exchange === '' ? 'amq.default' : encodeURIComponent(exchange)}/messages`, {
      query: { key, ttl_ms: options.ttl, mandatory: options.mandatory === true ? true : undefined },
      headers: {
        ...Object.fromEntries(headers),
        'content-type': options.type ?? 'application/octet-stream',
        'idempotency-key': options.id,
      },
      body,
    }),
  )
  answer(context, published, ({ message_id, routed }) =>
    routed ? `Published as ${message_id}.\n` : `Published as ${message_id}; no queue is bound for it, so nobody will get it.\n`,
  )
  return 0
}

export interface ConsumeOptions {
  readonly count?: string
  readonly prefetch?: string
  /** False: leave the messages in the queue. */
  readonly ack: boolean
}

/** One line of JSON for each message with `--json`. A message is acknowledged once it was printed; what is not goes back. */
export async function consume(context: Context, queue: string, options: ConsumeOptions): Promise<number> {
  const most = options.count === undefined ? Number.POSITIVE_INFINITY : Number(options.count)
  if (!(most >= 1)) throw new UserError('usage', `--count is "${options.count}", which is not a number of messages.`)
  const { terminal, json, interrupted } = context
  await withData(context, async (client) => {
    let left = most
    try {
      for await (const message of deliveries(client, queue, Math.min(most, Number(options.prefetch ?? 32)))) {
        terminal.out(json ? `${JSON.stringify(message)}\n` : renderMessage(message))
        if (options.ack) await settle(client, queue, message.delivery)
        if (--left === 0 || terminal.readerGone.aborted) return
      }
    } catch (error) {
      // Stopping is how one ends it. What was not acknowledged goes back by the end of the stream.
      if (interrupted.aborted) return
      throw error
    }
  })
  return 0
}

async function* deliveries(client: DataClient, queue: string, prefetch: number): AsyncGenerator<DeliveredMessage> {
  const response = await client.request('GET', `/data/bus/queues/${encodeURIComponent(queue)}/messages`, { query: { prefetch } })
  const decode = createSseDecoder()
  for await (const chunk of response.body ?? []) {
    for (const { event, data } of decode(chunk)) {
      if (event === 'error') throw fromProblem(problemSchema.parse(JSON.parse(data)))
      if (event === 'message') yield deliverySchema.parse(JSON.parse(data))
    }
  }
  throw new UserError('unavailable', `The node ended the stream of queue ${queue}.`, { hint: 'It is stopping, or has lost the queue.' })
}

async function settle(client: DataClient, queue: string, delivery: string): Promise<void> {
  await client.json('POST', `/data/bus/queues/${encodeURIComponent(queue)}/acks`, { body: JSON.stringify({ delivery, action: 'ack' }) })
}

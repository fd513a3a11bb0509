/** `thatdam data publish` and `consume`: messages by hand. */
import { setImmediate } from 'node:timers/promises'
import { type DeliveredMessage, dataLimits, deliverySchema, type Published } from '../../../../shared/data-plane'
import { UserError } from '../../../../shared/errors'
import { fromProblem, problemSchema } from '../../../../shared/problem'
import { createSseDecoder } from '../../../../shared/sse'
import { answer, type Context } from '../../context'
import { type DataClient, segment, withData } from '../../data-client'
import { renderMessage } from '../../render/data'
import { wholeInput } from './files'
import { headersOf, numberOf } from './options'

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
  const headers = headersOf(options.header, '--header', 'x-header-')
  const place = `/data/bus/exchanges/${exchange === '' ? 'amq.default' : segment(exchange, 'exchange')}/messages`
  const body = await wholeInput(context, file, dataLimits.messageBody)
  const published = await withData(context, (client) =>
    client.json<Published>('POST', place, {
      query: { key, ttl_ms: options.ttl, mandatory: options.mandatory === true ? true : undefined },
      headers: {
        ...headers,
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
  /** Send each to the dead-letter exchange of the queue, in place of the acknowledgement. */
  readonly reject?: boolean
}

/** One line of JSON for each message with `--json`. A message is acknowledged once it was printed; what is not goes back. */
export async function consume(context: Context, queue: string, options: ConsumeOptions): Promise<number> {
  const most = numberOf(options.count, '--count') ?? Number.POSITIVE_INFINITY
  const { ack, reject = false } = options
  if (reject && !ack) throw new UserError('usage', '--reject and --no-ack cannot both be: a message goes, or it stays.')
  // What stays in the queue stays in hand as well, and a smaller prefetch would end the view of it.
  const prefetch = Math.min(most, numberOf(options.prefetch, '--prefetch') ?? (ack ? 32 : dataLimits.prefetch))
  const { terminal, json, interrupted } = context
  const work = async (client: DataClient) => {
    let left = most
    try {
      for await (const message of deliveries(client, queue, prefetch)) {
        await terminal.write(Buffer.from(json ? `${JSON.stringify(message)}\n` : renderMessage(message)))
        // A pipe tells a turn later that nobody reads it any more. What was not read is not acknowledged.
        await setImmediate()
        if (terminal.readerGone.aborted) return
        if (ack) await settle(client, queue, { delivery: message.delivery, action: reject ? 'reject' : 'ack' })
        if (--left === 0) return
      }
    } catch (error) {
      // Stopping is how one ends it. What was not acknowledged goes back by the end of the stream.
      if (interrupted.aborted) return
      throw error
    }
  }
  await withData(context, work)
  return 0
}

async function* deliveries(client: DataClient, queue: string, prefetch: number): AsyncGenerator<DeliveredMessage> {
  const { body } = await client.bytes('GET', `/data/bus/queues/${segment(queue, 'queue')}/messages`, { query: { prefetch } })
  const decode = createSseDecoder()
  for await (const chunk of body) {
    for (const { event, data } of decode(chunk)) {
      if (event === 'error') throw fromProblem(problemSchema.parse(JSON.parse(data)))
      if (event === 'message') yield deliverySchema.parse(JSON.parse(data))
    }
  }
  throw new UserError('unavailable', `The node ended the stream of queue ${queue}.`, { hint: 'It is stopping, or has lost the queue.' })
}

async function settle(client: DataClient, queue: string, settled: { delivery: string; action: 'ack' | 'reject' }): Promise<void> {
  await client.json('POST', `/data/bus/queues/${segment(queue, 'queue')}/acks`, { body: JSON.stringify(settled) })
}

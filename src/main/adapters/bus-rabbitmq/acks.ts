/** Acknowledgements on their way: those of one round of the event loop in as few frames as they fit in. */
import type { Channel, ConsumeMessage } from 'amqplib'

export interface Acks {
  ack(message: ConsumeMessage): void
  /** Given back or rejected, and told already. */
  nack(message: ConsumeMessage, requeue: boolean): void
  /** Tell now what was not told yet. */
  flush(): void
}

/** Tags of deliveries count up from 1 on each channel, and one frame can acknowledge all that are open up to a tag. */
export function openAcks(channel: Channel): Acks {
  /** The lowest tag that is not settled. */
  let lowest = 1
  /** Settled tags above it. */
  const settled = new Set<number>()
  let untold: ConsumeMessage[] = []
  let scheduled = false

  function flush(): void {
    if (untold.length === 0) return
    const telling = untold
    untold = []
    while (settled.delete(lowest)) lowest += 1
    const together = telling.filter(({ fields }) => fields.deliveryTag < lowest)
    const last = together.reduce<ConsumeMessage | undefined>(
      (latest, one) => (latest === undefined || one.fields.deliveryTag > latest.fields.deliveryTag ? one : latest),
      undefined,
    )
    // Below `lowest` nothing is open but what is told here.
    if (last !== undefined) channel.ack(last, together.length > 1)
    for (const one of telling) if (one.fields.deliveryTag >= lowest) channel.ack(one)
  }

  return {
    ack(message) {
      settled.add(message.fields.deliveryTag)
      untold.push(message)
      if (scheduled) return
      scheduled = true
      setImmediate(() => {
        scheduled = false
        try {
          flush()
        } catch {
          // The channel has closed. Whoever settled waits for an answer on it, and hears of that.
        }
      })
    },
    nack(message, requeue) {
      settled.add(message.fields.deliveryTag)
      channel.nack(message, false, requeue)
    },
    flush,
  }
}

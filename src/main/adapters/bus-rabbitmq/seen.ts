/**
 * Which messages of a queue this node has acknowledged. RabbitMQ remembers nothing of the kind: a publisher that repeats a message in
 * doubt makes two of it. The second is known here by its id. The memory ends with the process, and is bounded by time and number.
 */

export interface DedupeWindow {
  readonly windowMs: number
  readonly keysPerQueue: number
}

export interface SeenOfQueue {
  has(messageId: string): boolean
  add(messageId: string): void
}

/** Of each queue, by vhost and name. */
export function openSeen({ windowMs, keysPerQueue }: DedupeWindow, now: () => number): (vhost: string, queue: string) => SeenOfQueue {
  const queues = new Map<string, SeenOfQueue>()

  function open(): SeenOfQueue {
    /** When each was acknowledged, in that order. */
    const ids = new Map<string, number>()
    return {
      has(messageId) {
        const at = ids.get(messageId)
        return at !== undefined && now() - at < windowMs
      },
      add(messageId) {
        const at = now()
        ids.delete(messageId)
        ids.set(messageId, at)
        for (const [oldest, since] of ids) {
          if (ids.size <= keysPerQueue && at - since < windowMs) break
          ids.delete(oldest)
        }
      },
    }
  }

  return (vhost, queue) => {
    const key = JSON.stringify([vhost, queue])
    const known = queues.get(key) ?? open()
    queues.set(key, known)
    return known
  }
}

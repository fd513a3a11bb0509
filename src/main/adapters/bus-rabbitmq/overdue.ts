/**
 * Messages that RabbitMQ has and neither takes nor refuses, because their queue is broken, say. RabbitMQ reads in order, so it has all that
 * were sent before one that it confirmed. Their publishers must not wait for as long as others are answered.
 */
export interface Sent {
  /** Where it stands among all that was sent. */
  place: number
  /** How often the clock of the deadline has ticked since RabbitMQ surely had it. */
  ticks: number
}

export interface Overdue {
  sent(one: Sent): void
  confirmed(one: Sent): void
  /** The clock ticks: which of those under way, in the order in which they were sent, have been with RabbitMQ for more than the deadline. */
  tick<T extends Sent>(underWay: Iterable<T>): readonly T[]
}

export function openOverdue(ticksOfDeadline: number): Overdue {
  let last = 0
  let confirmedPlace = 0

  return {
    sent(one) {
      last += 1
      one.place = last
    },
    confirmed(one) {
      confirmedPlace = Math.max(confirmedPlace, one.place)
    },
    tick(underWay) {
      const late = []
      for (const one of underWay) {
        if (one.place > confirmedPlace) break
        one.ticks += 1
        if (one.ticks > ticksOfDeadline) late.push(one)
      }
      return late
    },
  }
}

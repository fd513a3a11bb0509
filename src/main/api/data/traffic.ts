/** What goes through the data plane, counted for the metrics: requests by port and outcome, and bytes of bodies by port and direction. */
import type { FastifyReply } from 'fastify'

export const dataPorts = ['storage', 'bus', 'index'] as const
export type DataPort = (typeof dataPorts)[number]

/** `refused`: a problem that the client can do something about. `failed`: one of the node's. `broken-off`: the client did not wait, or was cut off. */
export const outcomes = ['ok', 'refused', 'failed', 'broken-off'] as const
type Outcome = (typeof outcomes)[number]

interface PortFigures {
  readonly port: DataPort
  readonly requests: Readonly<Record<Outcome, number>>
  readonly received: number
  readonly sent: number
}

/** What the data plane does. */
export interface DataPlaneFigures {
  /** Requests that are being worked on. */
  readonly requests: number
  /** Open streams of deliveries. */
  readonly consumers: number
  /** What each port has done since the start. */
  readonly traffic: readonly PortFigures[]
}

/** The counters of one port. */
export interface PortTraffic {
  /** A request whose connection or answer has come to its end. */
  ended(reply: FastifyReply): void
  readonly received: (bytes: number) => void
  readonly sent: (bytes: number) => void
  figures(): PortFigures
}

export function countTraffic(port: DataPort): PortTraffic {
  const requests: Record<Outcome, number> = { ok: 0, refused: 0, failed: 0, 'broken-off': 0 }
  let received = 0
  let sent = 0
  return {
    ended(reply) {
      requests[outcomeOf(reply)]++
    },
    received: (bytes) => {
      received += bytes
    },
    sent: (bytes) => {
      sent += bytes
    },
    figures: () => ({ port, requests: { ...requests }, received, sent }),
  }
}

function outcomeOf({ raw, statusCode }: FastifyReply): Outcome {
  if (!raw.writableFinished) return 'broken-off'
  if (statusCode < 400) return 'ok'
  return statusCode < 500 ? 'refused' : 'failed'
}

/**
 * The connections of one kind of work, at most one to each vhost. Each is opened by the first call that needs it and shared by those
 * that come meanwhile. One that was lost is opened again by the next call.
 */
import { PortError } from '../../../shared/errors'
import type { Broker } from './address'
import { inTime } from './in-time'
import { type Line, OPENING, openLine } from './line'

export interface Lines {
  /**
   * Held already: whoever gets it lets it go by `release`. Rejects as a connection fails, with an `invalid` for a vhost that is not the one
   * `AMQP_URL` names.
   */
  to(vhost: string, signal: AbortSignal): Promise<Line>
  /** From now on this vhost is spoken to: lines to others are closed once nobody holds them. */
  keep(vhost: string): void
  /** Those that are open. */
  open(): readonly Line[]
  close(): Promise<void>
}

interface Entry {
  readonly opening: Promise<Line>
  /** Once it is open. */
  line?: Line
}

/** `ca`: PEM of a certificate authority to trust instead of the usual ones. */
export function openLines(broker: Broker, deadlineMs: number, ca?: string): Lines {
  const lines = new Map<string, Entry>()
  const ending = new Set<Promise<void>>()
  let latest: string | undefined
  let closed = false

  function end(line: Line): Promise<void> {
    const done = line.close().finally(() => ending.delete(done))
    ending.add(done)
    return done
  }

  function forget(vhost: string, opening: Promise<Line>): void {
    if (lines.get(vhost)?.opening === opening) lines.delete(vhost)
  }

  function begin(vhost: string): Entry {
    const opening = openLine(
      broker,
      vhost,
      { deadlineMs, ca },
      {
        released(line) {
          if (vhost === latest) return
          forget(vhost, opening)
          void end(line)
        },
        lost: () => forget(vhost, opening),
      },
    )
    const entry: Entry = { opening }
    lines.set(vhost, entry)
    opening.then(
      (line) => {
        entry.line = line
        // It came and went before anybody could use it.
        if (!line.isOpen()) forget(vhost, opening)
      },
      () => forget(vhost, opening),
    )
    return entry
  }

  /** Held before anybody else can do anything with it, so that no look at another vhost closes it on the way to its user. */
  async function held({ line, opening }: Entry, signal: AbortSignal): Promise<Line> {
    if (line !== undefined) {
      line.hold()
      return line
    }
    const holding = opening.then((opened) => {
      opened.hold()
      return opened
    })
    try {
      return await inTime(holding, deadlineMs * OPENING, signal)
    } catch (error) {
      // It may open all the same, and nobody will use it.
      holding.then(
        (unused) => unused.release(),
        () => undefined,
      )
      throw error
    }
  }

  function keep(vhost: string): void {
    latest = vhost
    // `released` closes those that are in use later.
    for (const [other, { line }] of lines) {
      if (other === vhost || line === undefined) continue
      line.hold()
      line.release()
    }
  }

  return {
    keep,
    async to(vhost, signal) {
      signal.throwIfAborted()
      if (closed) throw new PortError('unavailable', `${broker.place.server} at ${broker.place.address}: the bus was closed.`)
      if (broker.vhost !== undefined && broker.vhost !== vhost) {
        const [url, wished] = [broker.vhost, vhost].map((one) => JSON.stringify(one))
        throw new PortError(
          'invalid',
          `AMQP_URL names vhost ${url}, and this is about vhost ${wished}: leave it out of AMQP_URL, or correct it.`,
        )
      }
      keep(vhost)
      return held(lines.get(vhost) ?? begin(vhost), signal)
    },
    open: () => [...lines.values()].flatMap(({ line }) => (line?.isOpen() ? [line] : [])),
    async close() {
      closed = true
      await Promise.allSettled([...lines.values()].map(async ({ opening }) => end(await opening)))
      await Promise.allSettled(ending)
    },
  }
}

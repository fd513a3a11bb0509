/** Vhosts, which AMQP cannot make. */
import { inTime } from './in-time'
import { type Management, part } from './management'

export interface Vhosts {
  /** Make a vhost that is not there, with all rights for the user of AMQP. One that is there, and whoever has rights in it, stay as they are. */
  make(vhost: string, signal: AbortSignal): Promise<void>
  isThere(vhost: string, signal: AbortSignal): Promise<boolean>
}

/** Requests that one making takes. */
const STEPS = 3

export function openVhosts(management: Management, user: string, deadlineMs: number): Vhosts {
  /** Several may need it at once, and each can leave without the others losing it. */
  const making = new Map<string, Promise<void>>()
  const never = new AbortController().signal

  const pathOf = (vhost: string) => `/vhosts/${part(vhost)}`

  async function isThere(vhost: string, signal: AbortSignal): Promise<boolean> {
    return (await management.get(pathOf(vhost), signal)) !== undefined
  }

  async function begin(vhost: string): Promise<void> {
    if (await isThere(vhost, never)) return
    await management.put(pathOf(vhost), {}, never)
    // Whoever made it has them already, which need not be the user that speaks AMQP.
    await management.put(`/permissions/${part(vhost)}/${part(user)}`, { configure: '.*', write: '.*', read: '.*' }, never)
  }

  return {
    isThere,
    make(vhost, signal) {
      const under = making.get(vhost) ?? begin(vhost).finally(() => making.delete(vhost))
      making.set(vhost, under)
      return inTime(under, STEPS * deadlineMs, signal)
    },
  }
}

/** Vhosts, which AMQP cannot make. */
import { unlessAborted } from './in-time'
import { type Management, part } from './management'

export interface Vhosts {
  /** Make a vhost that is not there, with all rights for the user of AMQP. One that is there, and whoever has rights in it, stay as they are. */
  make(vhost: string, signal: AbortSignal): Promise<void>
}

/** Asked in a way that is open to whoever has rights in the vhost; of vhosts themselves only an administrator may ask. */
export async function isThere(management: Management, vhost: string, signal: AbortSignal): Promise<boolean> {
  return (await management.get(`/exchanges/${part(vhost)}?columns=name`, signal)) !== undefined
}

/** How long one making may take, the management API bounds: each of its requests. */
export function openVhosts(management: Management, user: string): Vhosts {
  /** Several may need it at once, and each can leave without the others losing it. */
  const making = new Map<string, Promise<void>>()
  const never = new AbortController().signal

  async function begin(vhost: string): Promise<void> {
    const path = `/vhosts/${part(vhost)}`
    if ((await management.get(path, never)) !== undefined) return
    await management.put(path, {}, never)
    // Whoever made it has them already, which need not be the user that speaks AMQP.
    await management.put(`/permissions/${part(vhost)}/${part(user)}`, { configure: '.*', write: '.*', read: '.*' }, never)
  }

  return {
    make(vhost, signal) {
      const under = making.get(vhost) ?? begin(vhost).finally(() => making.delete(vhost))
      making.set(vhost, under)
      return unlessAborted(under, signal)
    },
  }
}

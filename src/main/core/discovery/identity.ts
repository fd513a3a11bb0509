/** Who am I: a node that finds no identity and has no supervisor becomes the leader of a cluster of one. */
import type { Cluster } from '../../../shared/cluster'
import { type Clock, isoNow } from '../ports/clock'
import type { IdentityStore } from '../ports/identity'

/** The identity of this data directory, made and written when there is none. */
export async function becomeLeader(store: IdentityStore, clock: Clock): Promise<Cluster> {
  const known = await store.read()
  if (known !== undefined) return known
  const cluster: Cluster = {
    apiVersion: 'thatdam/v1',
    kind: 'Cluster',
    cluster_id: clock.uuid(),
    node_id: clock.uuid(),
    role: 'leader',
    created_at: isoNow(clock),
  }
  await store.create(cluster)
  return cluster
}

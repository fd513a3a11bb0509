/** Who this node is: `cluster.json`, and nothing else. */
import type { Cluster } from '../../../shared/cluster'

export interface IdentityStore {
  /** Undefined when the data directory is not set up. An unreadable file is a `UserError` that says how to mend it. */
  read(): Promise<Cluster | undefined>
  /** Write it for the first time, atomically, mode 0600. Rejects when there is one already. */
  create(cluster: Cluster): Promise<void>
}

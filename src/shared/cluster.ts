/** The small files that say who this node is and where it can be reached. */
import { z } from 'zod'

/** `cluster.json`: written once, atomically, mode 0600; never silently replaced. */
export const clusterSchema = z.strictObject({
  apiVersion: z.literal('thatdam/v1'),
  kind: z.literal('Cluster'),
  cluster_id: z.uuid(),
  node_id: z.uuid(),
  role: z.enum(['leader', 'member']),
  supervisor: z.strictObject({ url: z.url(), fingerprint: z.string() }).optional(),
  created_at: z.iso.datetime(),
})
export type Cluster = z.infer<typeof clusterSchema>

/** `node.json`: how to reach the node that runs on this data directory; gone after a clean stop. */
export const nodeFileSchema = z.object({
  pid: z.int().positive(),
  /** Of this one start, as `/health` answers it: tells the node apart from a stranger that took its port after it died. */
  instance: z.uuid(),
  url: z.url(),
  token: z.string().min(16),
  version: z.string(),
  started_at: z.iso.datetime(),
})
export type NodeFile = z.infer<typeof nodeFileSchema>

/** When a lifecycle rule takes effect. */

const dayMs = 24 * 3600 * 1000

/**
 * What was stored at or before this moment is due at `at`, both in milliseconds since the epoch: an object is due `days` after it was
 * stored, rounded up to the next midnight UTC. S3 has this rule ("Lifecycle configuration elements", Expiration), and MinIO follows it,
 * so a bucket expires the same way on every backend.
 */
export function expiredBefore(at: number, days: number): number {
  return Math.floor(at / dayMs) * dayMs - days * dayMs
}

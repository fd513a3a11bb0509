/** When a lifecycle rule takes effect. */

const dayMs = 24 * 3600 * 1000

/**
 * The moment from which an object may be expired, in milliseconds since the epoch: `days` after it was stored, rounded up to the
 * next midnight UTC. S3 has this rule ("Lifecycle configuration elements", Expiration), and MinIO follows it, so a bucket expires
 * the same way on every backend.
 */
export function expiresAt(modified: number, days: number): number {
  return Math.ceil((modified + days * dayMs) / dayMs) * dayMs
}

/** What was stored at or before this moment is due at `at`: the inverse of `expiresAt`. */
export function expiredBefore(at: number, days: number): number {
  return Math.floor(at / dayMs) * dayMs - days * dayMs
}

const dayMs = 24 * 3600 * 1000

/** When an object that was stored at `modified` is due, by the rule as S3 words it: `days` later, at the next midnight UTC. */
export function expiresAt(modified: number, days: number): number {
  return Math.ceil((modified + days * dayMs) / dayMs) * dayMs
}

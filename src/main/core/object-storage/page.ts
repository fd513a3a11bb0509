/** How long a page of a listing may be. */
import { PortError } from '../../../shared/errors'

export const longestPage = 1000

/** Throws `invalid` for a page of another length than a listing can have. */
export function limitOf({ limit = longestPage }: { readonly limit?: number }): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= longestPage) return limit
  throw new PortError('invalid', `a listing holds 1 to ${longestPage} entries, not ${limit}`)
}

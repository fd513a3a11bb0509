/** How a backend says how it is. */
import type { Doctor } from '../../../shared/node-contract'

/** One thing that was checked, under a word or two for it (`login`, `version`, `clock`): a check of `thatdam doctor`. */
export type Finding = Doctor['checks'][number]

/** A backend that can say how it is: whether it is reached, lets this node in, which version it is, what it can do, how its clock stands. */
export interface Examinable {
  /** Reads only. Never rejects for what it finds; an abort of the signal ends it with the signal's reason. */
  examine(signal: AbortSignal): Promise<readonly Finding[]>
}

/**
 * Starting makes much that is soon forgotten, and V8 answers by growing its young generation to sixteen times what an idle
 * node needs; it does not give that back for as long as nothing happens. So it may grow only once the node has started.
 */
import { setFlagsFromString } from 'node:v8'

export function holdYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}

/** From now on it grows with the load, as it does by default. */
export function releaseYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=2')
}

/** The three ports by which data moves, as the node offers them to programs: without the faces that shape and remove. */
import type { EventBus } from './event-bus'
import type { ObjectStorage } from './object-storage'
import type { VectorIndex } from './vector-index'

export interface DataPlane {
  readonly storage: ObjectStorage
  readonly bus: EventBus
  readonly index: VectorIndex
}

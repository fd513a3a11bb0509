/** Objects on their way to another thread: with vectors of their own, and in parts that neither thread is long busy with. */
import type { Metadata, VectorObject } from '../../core/ports/vector-index'

/** A part is also one transaction: of more objects it would be hardly faster. */
const partObjects = 500
const partNumbers = 500_000

interface Part {
  readonly objects: readonly VectorObject[]
  readonly transfer: readonly ArrayBuffer[]
}

/** A caller may fill its vector anew while the write is on its way. */
export function withOwnVector(object: VectorObject): VectorObject & { readonly vector: Float32Array<ArrayBuffer> } {
  return { ...object, vector: new Float32Array(object.vector), metadata: sendable(object.metadata) }
}

/** The vectors of each part lie in one buffer, which is moved to the worker instead of being copied again. At least one part. */
export function packBatch(objects: readonly VectorObject[]): readonly Part[] {
  const parts: Part[] = []
  let from = 0
  do {
    let end = from
    let numbers = 0
    for (; end < objects.length && end - from < partObjects; end++) {
      const { length } = (objects[end] as VectorObject).vector
      if (end > from && numbers + length > partNumbers) break
      numbers += length
    }
    parts.push(packPart(objects.slice(from, end), numbers))
    from = end
  } while (from < objects.length)
  return parts
}

function packPart(objects: readonly VectorObject[], numbers: number): Part {
  const all = new Float32Array(numbers)
  let at = 0
  const moved = objects.map((object) => {
    const vector = all.subarray(at, at + object.vector.length)
    vector.set(object.vector)
    at += object.vector.length
    return { ...object, vector, metadata: sendable(object.metadata) }
  })
  return { objects: moved, transfer: [all.buffer] }
}

/** What is no value of any property, such as a function, does not survive the way. `null` fits no property either, and is refused as such. */
function sendable(metadata: Metadata): Metadata {
  let copy: Record<string, unknown> | undefined
  for (const [name, value] of Object.entries(metadata)) {
    if (isValue(value)) continue
    copy ??= { ...metadata }
    Object.defineProperty(copy, name, { value: null, enumerable: true })
  }
  return (copy ?? metadata) as Metadata
}

function isValue(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((item) => typeof item !== 'object' && typeof item !== 'function' && typeof item !== 'symbol')
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

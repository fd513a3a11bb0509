/** Vectors as bytes: little-endian float32, on any machine. */
import { endianness } from 'node:os'

const swapped = endianness() === 'BE'

export function toBlob(vector: Float32Array): Buffer {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)
  return swapped ? Buffer.from(bytes).swap32() : bytes
}

/** A vector of its own, aligned as a `Float32Array` must be. */
export function fromBlob(blob: Buffer): Float32Array {
  const vector = new Float32Array(blob.length / Float32Array.BYTES_PER_ELEMENT)
  const bytes = Buffer.from(vector.buffer)
  bytes.set(blob)
  if (swapped) bytes.swap32()
  return vector
}

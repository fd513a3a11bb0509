/** The two spellings of a vector: a list of numbers, and the base64 of little-endian float32. */
import { PortError } from '../../../shared/errors'

const bytesOfOne = Float32Array.BYTES_PER_ELEMENT

/** The vector of exactly one of the two. Whether its numbers are finite, and how many they are, is the index's to judge. */
export function vectorOf(
  { vector, vector_base64: base64 }: { readonly vector?: unknown; readonly vector_base64?: string | undefined },
  what: string,
): Float32Array {
  if ((vector === undefined) === (base64 === undefined)) {
    throw new PortError('invalid', `${what}: give the vector as exactly one of vector and vector_base64.`)
  }
  return base64 === undefined ? fromList(vector, what) : fromBase64(base64, what)
}

function fromList(list: unknown, what: string): Float32Array {
  if (!Array.isArray(list)) throw new PortError('invalid', `${what}: vector is not a list of numbers.`)
  const result = new Float32Array(list.length)
  for (let i = 0; i < list.length; i++) {
    const number: unknown = list[i]
    if (typeof number !== 'number') {
      throw new PortError('invalid', `${what}: vector[${i}] is ${shown(number)}, which is not a number.`)
    }
    result[i] = number
  }
  return result
}

function shown(value: unknown): string {
  return Array.isArray(value) ? 'a list' : typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value).slice(0, 60)
}

function fromBase64(text: string, what: string): Float32Array {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw new PortError('invalid', `${what}: vector_base64 is not base64 with its padding.`)
  }
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length % bytesOfOne !== 0) {
    throw new PortError(
      'invalid',
      `${what}: vector_base64 holds ${bytes.length} bytes, which are not whole numbers of ${bytesOfOne} bytes.`,
    )
  }
  const result = new Float32Array(bytes.length / bytesOfOne)
  for (let i = 0; i < result.length; i++) result[i] = bytes.readFloatLE(i * bytesOfOne)
  return result
}

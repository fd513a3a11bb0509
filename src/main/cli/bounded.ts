import type { UserError } from '../../shared/errors'

/** All of an input. Beyond `most` bytes it is given up with what `tooLarge` makes, as a device or an endless pipe would never end. */
export async function bounded(source: AsyncIterable<Uint8Array>, most: number, tooLarge: () => UserError): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of source) {
    size += chunk.byteLength
    if (size > most) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

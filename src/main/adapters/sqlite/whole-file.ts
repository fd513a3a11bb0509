/** Small files that are there whole or not at all, and that only their owner may read. */
import { randomUUID } from 'node:crypto'
import { open, rm } from 'node:fs/promises'

/** Write a file beside `file`, with mode 0600 and on disk, and let `place` move or link it there. Nothing else of it is left behind. */
export async function writeWhole(file: string, text: string, place: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await place(temporary)
  } finally {
    await rm(temporary, { force: true })
  }
}

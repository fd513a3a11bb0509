/** Free space for this user, in bytes, on the disk that holds or will hold `path`. */
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

export async function freeBytes(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  } catch (error) {
    const parent = dirname(path)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error
    return freeBytes(parent)
  }
}

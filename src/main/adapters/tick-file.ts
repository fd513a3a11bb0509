/** The last tick in a small file of its own. */
import { randomUUID } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { z } from 'zod'
import type { Tick, Ticks } from '../core/ports/ticks'
import { toPortError } from './sqlite/database'

const tickSchema = z.object({ at: z.number(), doubtedSince: z.number().nullable() })
const nobodyKnows: Tick = { at: 0, doubtedSince: 0 }

export function tickFile(file: string): Ticks {
  return {
    async read() {
      try {
        const parsed = tickSchema.safeParse(JSON.parse(await readFile(file, 'utf8')))
        return parsed.success ? parsed.data : nobodyKnows
      } catch (error) {
        if (error instanceof SyntaxError) return nobodyKnows
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw toPortError(error, file)
      }
    },

    async write(tick) {
      const temporary = `${file}.${randomUUID()}.tmp`
      try {
        const handle = await open(temporary, 'wx', 0o600)
        try {
          await handle.writeFile(`${JSON.stringify(tick)}\n`)
          await handle.sync()
        } finally {
          await handle.close()
        }
        await rename(temporary, file)
      } catch (error) {
        await rm(temporary, { force: true })
        throw toPortError(error, file)
      }
    },
  }
}

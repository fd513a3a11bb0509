/** The last tick in a small file of its own. */
import { readFile, rename } from 'node:fs/promises'
import { z } from 'zod'
import type { Tick, Ticks } from '../core/ports/ticks'
import { toPortError } from './sqlite/database'
import { writeWhole } from './sqlite/whole-file'

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
      try {
        await writeWhole(file, `${JSON.stringify(tick)}\n`, (temporary) => rename(temporary, file))
      } catch (error) {
        throw toPortError(error, file)
      }
    },
  }
}

/** `cluster.json` in the data directory. */
import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { clusterSchema } from '../../shared/cluster'
import { UserError } from '../../shared/errors'
import type { IdentityStore } from '../core/ports/identity'

export function identityFile(file: string): IdentityStore {
  return {
    async read() {
      let text: string
      try {
        text = await readFile(file, 'utf8')
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
        throw unreadable(file, `it cannot be read (${code ?? String(error)})`, error)
      }
      try {
        return clusterSchema.parse(JSON.parse(text))
      } catch (error) {
        throw unreadable(file, 'it does not hold a node identity of this version', error)
      }
    },

    async create(cluster) {
      await mkdir(dirname(file), { recursive: true })
      const temporary = `${file}.${randomUUID()}.tmp`
      try {
        const handle = await open(temporary, 'wx', 0o600)
        try {
          await handle.writeFile(`${JSON.stringify(cluster, null, 2)}\n`)
          await handle.sync()
        } finally {
          await handle.close()
        }
        // A link, unlike a rename, refuses to replace an identity that somebody else wrote meanwhile.
        await link(temporary, file)
      } finally {
        await rm(temporary, { force: true })
      }
    },
  }
}

function unreadable(file: string, what: string, cause: unknown): UserError {
  return new UserError('unreadable-identity', `${file} says who this node is, but ${what}.`, {
    hint: 'Nothing was changed. Restore the file from a backup. Only if this node shares nothing with others: move it away, and a new identity is made at the next start.',
    cause,
  })
}

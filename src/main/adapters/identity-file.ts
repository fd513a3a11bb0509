/** `cluster.json` in the data directory. */
import { link, mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { clusterSchema } from '../../shared/cluster'
import { UserError } from '../../shared/errors'
import type { IdentityStore } from '../core/ports/identity'
import { writeWhole } from './sqlite/whole-file'

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
      // A link, unlike a rename, refuses to replace an identity that somebody else wrote meanwhile.
      await writeWhole(file, `${JSON.stringify(cluster, null, 2)}\n`, (temporary) => link(temporary, file))
    },
  }
}

function unreadable(file: string, what: string, cause: unknown): UserError {
  return new UserError('unreadable-identity', `${file} says who this node is, but ${what}.`, {
    hint: 'Nothing was changed. Restore the file from a backup. Only if this node shares nothing with others: move it away, and a new identity is made at the next start.',
    cause,
  })
}

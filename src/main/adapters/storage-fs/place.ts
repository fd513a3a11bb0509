/** Where the file of an object goes. */
import { PortError } from '../../../shared/errors'
import type { ObjectRow } from './catalogue'
import { choosePath } from './key-path'
import { whatIsAt } from './layout'
import type { Store } from './store'

/** What a path is chosen for. */
interface Named {
  readonly bucket: string
  readonly key: string
  /** How messages name it. */
  readonly resource: string
}

/** The path that the key has already, unless something that is not a file has come to lie there; else a new one. */
export function pathFor(
  { layout, catalogue }: Store,
  id: number,
  { bucket, key, resource }: Named,
  before: Pick<ObjectRow, 'file'> | undefined,
): string {
  if (before !== undefined && whatIsAt(layout.object(bucket, before.file)) !== 'obstacle') return before.file
  const path = choosePath(key, {
    isFile: (folded) => catalogue.isFile(id, folded),
    isDirectory: (folded) => catalogue.isDirectory(id, folded),
    isFree: (file) => whatIsAt(layout.object(bucket, file)) === 'nothing',
  })
  if (path !== undefined) return path
  throw new PortError('incompatible', `${resource}: whatever name its file could have in ${layout.bucket(bucket)}, something is in the way`)
}

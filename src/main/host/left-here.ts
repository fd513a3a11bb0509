/** What the embedded backends still hold where a server of the owner's serves instead of them. */
import type { PortComponent } from '../../shared/component'
import { UserError } from '../../shared/errors'
import { holdsMessages } from '../adapters/bus-inproc/view'
import { holdsVectors } from '../adapters/index-mem/view'
import { holdsObjects } from '../adapters/storage-fs/view'
import { externalsOf } from './backends'
import type { Config } from './config'

/** By component, a sentence on what stays on this computer; none for one whose embedded backend serves, or holds nothing. */
export function leftHere(config: Config): ReadonlyMap<PortComponent, string> {
  const { paths } = config
  const externals = externalsOf(config)
  const looks = [
    ['storage', 'Objects', () => holdsObjects(paths.storage)],
    ['broker', 'Messages', () => holdsMessages(paths.bus)],
    ['index', 'Vectors', () => holdsVectors(paths.index)],
  ] as const
  return new Map(
    looks.flatMap(([component, what, holds]) => {
      const external = externals[component]
      if (external === undefined || !whatCanBeTold(holds)) return []
      const text = `${what} that were stored on this computer before stay on it, and are not at ${external.server}: this version does not move them.`
      return [[component, text] as const]
    }),
  )
}

/** A store that cannot be read is the doctor's to tell. It must not keep a node from starting that does not use it. */
function whatCanBeTold(holds: () => boolean): boolean {
  try {
    return holds()
  } catch (error) {
    if (error instanceof UserError) return false
    throw error
  }
}

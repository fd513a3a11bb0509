/** Classes as they were last seen. A class that is remembered may have changed meanwhile: who relies on it has to allow for that. */
import { PortError } from '../../../shared/errors'
import { className } from '../../../shared/profile/names'
import type { Call } from './connection'
import { classFrom, type WeaviateClass } from './schema'

export interface Classes {
  /** As it is now; undefined where there is none of that name. */
  look(call: Call, name: string): Promise<WeaviateClass | undefined>
  /** As it is now. Rejects `not-found`. */
  require(call: Call, name: string): Promise<WeaviateClass>
  /** As it was last seen, or else as it is now. Rejects `not-found`. */
  known(call: Call, name: string): Promise<WeaviateClass>
  forget(name: string): void
}

export function classMemory(): Classes {
  const seen = new Map<string, WeaviateClass>()

  async function look(call: Call, name: string): Promise<WeaviateClass | undefined> {
    // A name that no class can have would be another path, or another class: the server makes its first letter a capital.
    if (className.flaw(name) !== undefined) return undefined
    const found = await call.read(`/schema/${name}`)
    const info = found === undefined ? undefined : classFrom(found)
    if (info === undefined || info.state.name !== name) {
      seen.delete(name)
      return undefined
    }
    seen.set(name, info)
    return info
  }

  async function require(call: Call, name: string): Promise<WeaviateClass> {
    const info = await look(call, name)
    if (info === undefined) throw new PortError('not-found', `Class ${name} does not exist.`)
    return info
  }

  return {
    look,
    require,
    known: async (call, name) => seen.get(name) ?? (await require(call, name)),
    forget(name) {
      seen.delete(name)
    },
  }
}

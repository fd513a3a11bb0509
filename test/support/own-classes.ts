/** An index on a server that others use too: every class under a name of its own, all of them taken away at the end. */
import { randomBytes } from 'node:crypto'
import type { ClassState, IndexRemover, IndexShaper, IndexView, VectorIndex } from '../../src/main/core/ports/vector-index'

type Index = VectorIndex & IndexView & IndexShaper & IndexRemover

export interface OwnClasses {
  /** The same index, in which a class has `prefix` before its name on the server. */
  within(index: Index): Index
  nameOf(className: string): string
  removeAll(index: Index): Promise<void>
}

const live = new AbortController().signal

export function ownClasses(): OwnClasses {
  const prefix = `T${randomBytes(5).toString('hex')}_`
  const nameOf = (className: string) => prefix + className
  const made = new Set<string>()
  const shown = (state: ClassState): ClassState => ({ ...state, name: state.name.slice(prefix.length) })

  return {
    nameOf,
    within: (index) => ({
      ...index,
      upsert: (className, ...rest) => index.upsert(nameOf(className), ...rest),
      batch: (className, ...rest) => index.batch(nameOf(className), ...rest),
      get: (className, ...rest) => index.get(nameOf(className), ...rest),
      delete: (className, ...rest) => index.delete(nameOf(className), ...rest),
      query: (className, ...rest) => index.query(nameOf(className), ...rest),
      async describe(names, signal) {
        const found = await index.describe(names.map(nameOf), signal)
        return new Map([...found.values()].map((state) => [state.name.slice(prefix.length), shown(state)]))
      },
      contents: (className, ...rest) => index.contents(nameOf(className), ...rest),
      async ensureClass(wish, signal) {
        made.add(nameOf(wish.name))
        await index.ensureClass({ ...wish, name: nameOf(wish.name) }, signal)
      },
      ensureProperties: (className, ...rest) => index.ensureProperties(nameOf(className), ...rest),
      ensureTenants: (className, ...rest) => index.ensureTenants(nameOf(className), ...rest),
      removeClass: (className, ...rest) => index.removeClass(nameOf(className), ...rest),
      removeTenant: (className, ...rest) => index.removeTenant(nameOf(className), ...rest),
    }),
    async removeAll(index) {
      for (const name of made) await index.removeClass(name, { contents: true }, live)
    },
  }
}

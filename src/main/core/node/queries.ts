/**
 * The calls that only look. They are made from views, so they are all there is when no node runs and a command wants to see
 * the world: whoever holds these cannot change it.
 */
import { UserError } from '../../../shared/errors'
import type { Revision } from '../../../shared/node-contract'
import { generationsOf } from '../../../shared/profile/generation'
import { parseProfile } from '../../../shared/profile/parse'
import type { Intents, Journal, RevisionsView, StoredRevision } from '../ports/journal'
import type { Planner } from '../reconcile/declaration'
import { planAll, type Wish } from '../reconcile/looking'
import type { Handlers } from './handlers'
import { wishOf } from './wish'

export interface QueryParts {
  readonly planners: readonly Planner[]
  readonly revisions: RevisionsView
  readonly journal: Pick<Journal, 'events'> & Pick<Intents, 'intents'>
  /** The profile of a solo node that was given none. */
  readonly builtInProfile: string
}

export type Queries = Pick<Handlers, 'intents' | 'plan' | 'profile' | 'validateProfile' | 'history' | 'events'>

/** `vhost`: that of the wish which was read last. */
export function createQueries({ planners, revisions, journal, builtInProfile }: QueryParts): Queries & { vhost(): string } {
  /** What was read last. A revision is never rewritten, so its number says whether it must be read again; 0 is the built-in profile. */
  let read: { readonly revision: number; readonly wish: Wish } | undefined

  /** The wish in force; before set-up, the one that starting would bring. */
  async function currentWish(): Promise<Wish> {
    const current = await revisions.current()
    const revision = current?.revision ?? 0
    if (read?.revision !== revision) {
      read = {
        revision,
        wish: wishOf(current === undefined ? { text: builtInProfile } : { text: current.text, file: `revision ${revision}` }),
      }
    }
    return read.wish
  }

  return {
    vhost: () => read?.wish.profile.spec.broker.vhost ?? '/',

    async plan({ profile, allow_destructive: destructive }, signal) {
      return planAll(planners, profile === undefined ? await currentWish() : wishOf(profile), { destructive }, signal)
    },

    async profile({ revision }) {
      if (revision === undefined) {
        const current = await revisions.current()
        if (current !== undefined) return { revision: current.revision, generation: current.generation, text: current.text }
        return { revision: 0, generation: (await currentWish()).generations.profile, text: builtInProfile }
      }
      return requireRevision(revisions, revision)
    },

    async validateProfile({ profile: { text, file } }) {
      const parsed = parseProfile(text, file === undefined ? {} : { file })
      return parsed.ok
        ? { valid: true, generation: generationsOf(parsed.profile).profile, errors: [] }
        : { valid: false, errors: [...parsed.errors] }
    },

    async history() {
      const [all, current] = await Promise.all([revisions.list(), revisions.current()])
      return all.map((one) => revisionOf(one, current?.revision))
    },

    async intents({ limit }) {
      return [...(await journal.intents(limit))]
    },

    async events({ limit, before }) {
      return [...(await journal.events(limit, before))]
    },
  }
}

export function revisionOf({ revision, at, author, generation }: StoredRevision, current: number | undefined): Revision {
  return { revision, at, author, generation, current: revision === current }
}

export async function requireRevision(revisions: RevisionsView, revision: number): Promise<StoredRevision> {
  const found = await revisions.get(revision)
  if (found !== undefined) return found
  throw new UserError('not-found', `There is no revision ${revision}.`, { hint: 'See `thatdam profile history` for those there are.' })
}

/** A look at what buckets there are and how they are set: one list of them, then only what is asked of each, many side by side. */
import { expiredBefore } from '../../../shared/expiry'
import {
  type Amount,
  type BucketFeature,
  type BucketQuestion,
  type BucketState,
  nothing,
  type StorageView,
} from '../../core/ports/object-storage'
import { amountOf, type Entry } from './entries'
import { readRules } from './lifecycle'
import { inParallel } from './parallel'
import { readPolicy } from './policy'
import { isRefusal, Refusal } from './refusal'
import type { Store } from './store'
import { readTags } from './tags'
import { keepsVersions } from './versioning'
import { walk, walkObjects } from './walk'
import { childOf, childrenOf, textOf } from './xml'

const sideBySide = 32

const features: readonly BucketFeature[] = ['versioning', 'lifecycle', 'tags', 'policy']

export function viewer(store: Store): Omit<StorageView, 'close'> {
  const { server } = store

  const readers: Readonly<Record<BucketFeature, (bucket: string, signal: AbortSignal) => Promise<Partial<BucketState>>>> = {
    versioning: async (bucket, signal) => ({ versioning: await keepsVersions(server, bucket, signal) }),
    lifecycle: async (bucket, signal) => ({ lifecycle: await readRules(server, bucket, signal) }),
    tags: async (bucket, signal) => ({ tags: Object.fromEntries(await readTags(server, bucket, signal)) }),
    policy: async (bucket, signal) => ({ policy: await readPolicy(server, bucket, signal) }),
  }

  /** One answer to one question; `'gone'` where the bucket was removed meanwhile. */
  async function answer(bucket: string, feature: BucketFeature, signal: AbortSignal): Promise<Partial<BucketState> | 'gone'> {
    try {
      return await readers[feature](bucket, signal)
    } catch (error) {
      if (isRefusal(error, 'NoSuchBucket')) return 'gone'
      if (isLack(error)) return { lacks: [feature] }
      throw error
    }
  }

  async function existing(questions: readonly BucketQuestion[], signal: AbortSignal): Promise<readonly BucketQuestion[]> {
    try {
      const names = await bucketNames(store, signal)
      return questions.filter(({ name }) => names.has(name))
    } catch (error) {
      if (!isRefusal(error, 'AccessDenied')) throw error
      // An access key that may not list buckets may still know some.
      const there = await inParallel(questions, sideBySide, signal, ({ name }, either) => exists(store, name, either))
      return questions.filter((_, i) => there[i])
    }
  }

  async function amount(
    bucket: string,
    callerSignal: AbortSignal,
    pages: (signal: AbortSignal) => AsyncIterable<readonly Entry[]>,
  ): Promise<Amount> {
    return store.call(`bucket ${bucket}`, callerSignal, async (signal) => {
      let { count, bytes } = nothing
      try {
        for await (const entries of pages(signal)) {
          const more = amountOf(entries)
          count += more.count
          bytes += more.bytes
        }
      } catch (error) {
        if (!isRefusal(error, 'NoSuchBucket')) throw error
      }
      return { count, bytes }
    })
  }

  return {
    describe: (questions, callerSignal) =>
      store.call('the list of buckets', callerSignal, async (signal) => {
        if (questions.length === 0) return new Map<string, BucketState>()
        const here = await existing(questions, signal)
        const asked = here.flatMap((question) =>
          features.filter((feature) => question[feature]).map((feature) => ({ name: question.name, feature })),
        )
        const answers = await inParallel(asked, sideBySide, signal, ({ name, feature }, either) => answer(name, feature, either))
        const states = new Map<string, BucketState>(here.map(({ name }) => [name, { name }]))
        for (const [i, { name }] of asked.entries()) {
          const found = answers[i]
          const state = states.get(name)
          if (found === 'gone') states.delete(name)
          else if (state !== undefined) states.set(name, joined(state, found ?? {}))
        }
        return states
      }),

    contents: (bucket, signal) => amount(bucket, signal, (either) => walk(store, bucket, '', either)),

    expirable(bucket, { prefix, expireDays }, at, signal) {
      const before = expiredBefore(at, expireDays)
      return amount(bucket, signal, async function* (either) {
        for await (const entries of walkObjects(store, bucket, prefix, either)) {
          yield entries.filter(({ modified }) => Date.parse(modified) <= before)
        }
      })
    },
  }
}

export async function bucketNames({ server }: Store, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const { root } = await server.askXml({ method: 'GET' }, 'ListAllMyBucketsResult', signal)
  const list = childOf(root, 'Buckets')
  return new Set(list === undefined ? [] : childrenOf(list, 'Bucket').map((bucket) => textOf(bucket, 'Name') ?? ''))
}

export async function exists(store: Store, bucket: string, signal: AbortSignal): Promise<boolean> {
  try {
    await store.server.ask({ method: 'HEAD', bucket }, signal)
    return true
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return false
    throw error
  }
}

/** Whether the answer was that the server has no such thing. */
export function isLack(error: unknown): boolean {
  return (
    error instanceof Refusal && (error.status === 501 || isRefusal(error, 'NotImplemented', 'MethodNotAllowed', 'VersioningNotConfigured'))
  )
}

function joined(state: BucketState, found: Partial<BucketState>): BucketState {
  const lacks = [...(state.lacks ?? []), ...(found.lacks ?? [])]
  return { ...state, ...found, ...(lacks.length > 0 && { lacks }) }
}

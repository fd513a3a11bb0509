/** Making buckets what a profile says: what ensures adds or merges; what removes, and nothing else, takes away. */
import { mkdirSync } from 'node:fs'
import { PortError } from '../../../shared/errors'
import { canonicalPolicy } from '../../../shared/policy'
import type { StorageRemover, StorageShaper } from '../../core/ports/object-storage'
import { syncDirectory } from '../sqlite/directory'
import { isDirectory } from './layout'
import { removeBucket } from './remove-bucket'
import type { Store } from './store'

export function shaper(store: Store): StorageShaper & StorageRemover {
  const { layout, catalogue, db } = store
  const setVersioning = db.prepare<[number]>('UPDATE buckets SET versioning = 1 WHERE id = ? AND versioning = 0')
  const setPolicy = db.prepare<[{ id: number; policy: string | null }]>(
    'UPDATE buckets SET policy = @policy WHERE id = @id AND policy IS NOT @policy',
  )
  const mergeRule = db.prepare<[number, string, string, number]>(
    `INSERT INTO lifecycle_rules (bucket, id, prefix, expire_days) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET prefix = excluded.prefix, expire_days = excluded.expire_days`,
  )
  const mergeTag = db.prepare<[number, string, string]>(
    'INSERT INTO tags (bucket, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
  )

  const removeRule = db.prepare<[number, string]>('DELETE FROM lifecycle_rules WHERE bucket = ? AND id = ?')
  const removeTag = db.prepare<[number, string]>('DELETE FROM tags WHERE bucket = ? AND key = ?')

  function inCommit(bucket: string, callerSignal: AbortSignal, work: () => void): Promise<void> {
    return store.call(`bucket ${bucket}`, callerSignal, (signal) =>
      store.commit(() => {
        signal.throwIfAborted()
        work()
      }),
    )
  }

  /** Change one bucket in one commit; `not-found` where there is none. */
  function change(bucket: string, signal: AbortSignal, work: (id: number) => void): Promise<void> {
    return inCommit(bucket, signal, () => work(store.bucket(bucket).id))
  }

  /** The same, where a bucket that is gone has nothing left to take away. */
  function take(bucket: string, signal: AbortSignal, work: (id: number) => void): Promise<void> {
    return inCommit(bucket, signal, () => {
      const found = catalogue.bucket(bucket)
      if (found !== undefined) work(found.id)
    })
  }

  return {
    ensureBucket(bucket, callerSignal) {
      return store.call(`bucket ${bucket}`, callerSignal, async (signal) => {
        store.file.require()
        await makeBucketDirectory(layout.root, layout.bucket(bucket))
        // A directory alone is no bucket yet, so this order can be interrupted: the next call finds it and goes on.
        await store.commit(() => {
          signal.throwIfAborted()
          catalogue.addBucket(bucket, Math.trunc(store.now()))
        })
      })
    },

    ensureVersioning(bucket, signal) {
      return change(bucket, signal, (id) => void setVersioning.run(id))
    },

    ensureLifecycle(bucket, rules, signal) {
      return change(bucket, signal, (id) => {
        for (const { id: rule, prefix, expireDays } of rules) mergeRule.run(id, rule, prefix, expireDays)
      })
    },

    ensureTags(bucket, tags, signal) {
      return change(bucket, signal, (id) => {
        for (const [key, value] of Object.entries(tags)) mergeTag.run(id, key, value)
      })
    },

    ensurePolicy(bucket, policy, signal) {
      const canonical = canonicalPolicy(policy, bucket)
      return change(bucket, signal, (id) => void setPolicy.run({ id, policy: canonical === 'null' ? null : canonical }))
    },

    removeBucket: (bucket, options, callerSignal) =>
      store.call(`bucket ${bucket}`, callerSignal, (signal) => removeBucket(store, bucket, options.contents, signal)),
    removeLifecycleRule: (bucket, rule, signal) => take(bucket, signal, (id) => void removeRule.run(id, rule)),
    removeTag: (bucket, key, signal) => take(bucket, signal, (id) => void removeTag.run(id, key)),
    removePolicy: (bucket, signal) => take(bucket, signal, (id) => void setPolicy.run({ id, policy: null })),
  }
}

/** A directory that stands already, put there by hand or by an interrupted call, is taken as it is. */
async function makeBucketDirectory(root: string, path: string): Promise<void> {
  try {
    mkdirSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    if (isDirectory(path)) return
    throw new PortError('incompatible', `${path} is in the way: a bucket needs a directory of that name. Move it elsewhere.`, {
      cause: error,
    })
  }
  await syncDirectory(root)
}

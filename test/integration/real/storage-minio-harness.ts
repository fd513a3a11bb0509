/** Storages on a real server that is shared with other tests: each has bucket names of its own, and takes its buckets away. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v7 } from 'uuid'
import { openStorageMinio, type StorageMinio, type StorageMinioOptions } from '../../../src/main/adapters/storage-minio/storage-minio'
import type { Policy } from '../../../src/shared/profile/model'
import type { ObjectStorageHarness } from '../../conformance/object-storage'
import type { S3Address } from '../../support/servers'

const signal = new AbortController().signal

/** Long enough for a machine that does other things as well: the tests are not about it. */
const deadlineMs = 20_000

export interface Stage extends ObjectStorageHarness {
  /** The storage itself, under the server's own names. */
  raw(options?: Partial<StorageMinioOptions>): StorageMinio
  readonly spoolDirectory: string
  /** The server's name for a bucket. */
  real(bucket: string): string
}

export async function stageAt(address: S3Address): Promise<Stage> {
  const prefix = `t${randomUUID().slice(0, 8)}-`
  const spoolDirectory = mkdtempSync(join(tmpdir(), 'thatdam-spool-'))
  const raw = (options: Partial<StorageMinioOptions> = {}) =>
    openStorageMinio({ ...address, deadlineMs, spoolDirectory, uuid: v7, ...options })
  const open = async () => {
    const storage = raw()
    await storage.capabilities(signal)
    return under(storage, prefix)
  }
  return {
    raw,
    spoolDirectory,
    real: (bucket) => prefix + bucket,
    open,
    view: open,
    async dispose() {
      const storage = raw()
      const names = await bucketsOf(storage)
      for (const name of names.filter((one) => one.startsWith(prefix))) await storage.removeBucket(name, { contents: true }, signal)
      await storage.close()
      await rm(spoolDirectory, { recursive: true, force: true })
    },
  }

  /** The names that the suite uses; `bucket-0` to `bucket-19` among them. */
  async function bucketsOf(storage: StorageMinio): Promise<string[]> {
    const names = [
      'media-raw',
      'other',
      'second',
      'another',
      'absent',
      'no-such-bucket',
      ...Array.from({ length: 20 }, (_, i) => `bucket-${i}`),
    ]
    const nothing = { versioning: false, lifecycle: false, tags: false, policy: false }
    const found = await storage.describe(
      names.map((name) => ({ name: prefix + name, ...nothing })),
      signal,
    )
    return [...found.keys()]
  }
}

/** The same storage in which every bucket's name begins with `prefix`, which nobody sees. */
function under(storage: StorageMinio, prefix: string): StorageMinio {
  const real = (bucket: string) => prefix + bucket
  const reword = (policy: Policy, from: string, to: string): Policy =>
    typeof policy === 'string' ? policy : JSON.parse(JSON.stringify(policy).replaceAll(`arn:aws:s3:::${from}`, `arn:aws:s3:::${to}`))
  return {
    get supports() {
      return storage.supports
    },
    authoritative: storage.authoritative,
    put: (bucket, ...rest) => storage.put(real(bucket), ...rest),
    get: (bucket, ...rest) => storage.get(real(bucket), ...rest),
    head: (bucket, ...rest) => storage.head(real(bucket), ...rest),
    list: (bucket, ...rest) => storage.list(real(bucket), ...rest),
    delete: (bucket, ...rest) => storage.delete(real(bucket), ...rest),
    copy: (from, to, ...rest) => storage.copy({ ...from, bucket: real(from.bucket) }, { ...to, bucket: real(to.bucket) }, ...rest),
    versions: (bucket, ...rest) => storage.versions(real(bucket), ...rest),
    restore: (bucket, ...rest) => storage.restore(real(bucket), ...rest),
    async describe(questions, either) {
      const found = await storage.describe(
        questions.map((question) => ({ ...question, name: real(question.name) })),
        either,
      )
      return new Map(
        [...found].map(([name, state]) => {
          const seen = name.slice(prefix.length)
          const policy = state.policy == null ? {} : { policy: reword(state.policy, name, seen) }
          return [seen, { ...state, name: seen, ...policy }]
        }),
      )
    },
    expirable: (bucket, ...rest) => storage.expirable(real(bucket), ...rest),
    contents: (bucket, ...rest) => storage.contents(real(bucket), ...rest),
    ensureBucket: (bucket, ...rest) => storage.ensureBucket(real(bucket), ...rest),
    ensureVersioning: (bucket, ...rest) => storage.ensureVersioning(real(bucket), ...rest),
    ensureLifecycle: (bucket, ...rest) => storage.ensureLifecycle(real(bucket), ...rest),
    ensureTags: (bucket, ...rest) => storage.ensureTags(real(bucket), ...rest),
    ensurePolicy: (bucket, policy, either) => storage.ensurePolicy(real(bucket), reword(policy, bucket, real(bucket)), either),
    removeBucket: (bucket, ...rest) => storage.removeBucket(real(bucket), ...rest),
    removeLifecycleRule: (bucket, ...rest) => storage.removeLifecycleRule(real(bucket), ...rest),
    removeTag: (bucket, ...rest) => storage.removeTag(real(bucket), ...rest),
    removePolicy: (bucket, ...rest) => storage.removePolicy(real(bucket), ...rest),
    capabilities: storage.capabilities,
    examine: storage.examine,
    close: storage.close,
  }
}

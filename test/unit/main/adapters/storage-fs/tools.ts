/** What the tests of storage-fs share: a root of its own for each test, and a look at what lies in it. */
import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { openStorageFs } from '../../../../../src/main/adapters/storage-fs/storage-fs'
import type { StorageUpkeep } from '../../../../../src/main/core/ports/object-storage'
import type { ShapedStorage } from '../../../../conformance/object-storage'
import { bucket, signal } from '../../../../conformance/object-storage/tools'

type EmbeddedStorage = ShapedStorage & StorageUpkeep

export interface Bench {
  /** The storage's root. */
  readonly root: string
  /** A path under the root. */
  at(...names: string[]): string
  /** Open the storage; it is closed after the test. */
  open(): EmbeddedStorage
  /** A storage with the bucket `media-raw`. */
  withBucket(): Promise<EmbeddedStorage>
  /** Every file and directory under a path of the root, with a hash of the content. */
  tree(...names: string[]): Record<string, string>
  /** The files of the bucket, by path. */
  files(): string[]
  /** Put a file into the bucket's directory as a person would, with a time stamp of its own. */
  dropIn(name: string, content: string, modified: Date): void
  /** What lies in the directory for files on their way in. */
  incoming(): string[]
}

export function bench(): Bench {
  let root = ''
  let opened: EmbeddedStorage[] = []
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'thatdam-storage-fs-'))
    opened = []
  })
  afterEach(async () => {
    for (const storage of opened) await storage.close()
    rmSync(root, { recursive: true, force: true })
  })
  const at = (...names: string[]) => join(root, ...names)
  const self: Bench = {
    get root() {
      return root
    },
    at,
    open() {
      const storage = openStorageFs(root)
      opened.push(storage)
      return storage
    },
    async withBucket() {
      const storage = self.open()
      await storage.ensureBucket(bucket, signal)
      return storage
    },
    tree(...names) {
      const top = at(...names)
      const entries = readdirSync(top, { recursive: true, withFileTypes: true }).map((entry): [string, string] => {
        const path = join(entry.parentPath, entry.name)
        const content = entry.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'directory'
        return [relative(top, path), content]
      })
      return Object.fromEntries(entries.sort())
    },
    files() {
      return Object.entries(self.tree(bucket))
        .filter(([, content]) => content !== 'directory')
        .map(([path]) => path)
    },
    dropIn(name, content, modified) {
      writeFileSync(at(bucket, name), content)
      utimesSync(at(bucket, name), modified, modified)
    },
    incoming: () => readdirSync(at('.thatdam', 'tmp')),
  }
  return self
}

/** Run as a user who owns nothing but the root: whoever tests as root could write anywhere. */
export async function asNobody<T>(root: string, run: () => Promise<T>): Promise<T> {
  chmodSync(root, 0o777)
  if (process.geteuid?.() !== 0 || process.seteuid === undefined) return run()
  process.seteuid(65534)
  try {
    return await run()
  } finally {
    process.seteuid(0)
  }
}

/**
 * The contract of the object storage port, executable: what is not in here is not promised. Every adapter and every proxy runs it.
 * What a backend offers beyond the minimum (`supports`) is the only reason to skip a case.
 */
import { afterEach, beforeEach, describe } from 'vitest'
import type { ObjectStorage, StorageRemover, StorageShaper, StorageView } from '../../src/main/core/ports/object-storage'
import { concurrencyCases } from './object-storage/concurrency'
import { conditionCases } from './object-storage/conditions'
import { failureCases } from './object-storage/failures'
import { keyCases } from './object-storage/keys'
import { listingCases } from './object-storage/listing'
import { movingCases } from './object-storage/moving'
import { persistenceCases } from './object-storage/persistence'
import { removingCases } from './object-storage/removing'
import { shapingCases } from './object-storage/shaping'
import { versionCases } from './object-storage/versions'

export type ShapedStorage = ObjectStorage & StorageShaper & StorageRemover

/** One set of data, empty at first. The suite closes what it opens, then disposes. */
export interface ObjectStorageHarness {
  /** Each call opens another instance over the same data. */
  open(): Promise<ShapedStorage>
  view(): Promise<StorageView>
  /** Remove the data. */
  dispose(): Promise<void>
}

/** What one case has before it: an open storage with the bucket `media-raw` in it. */
interface Subject {
  readonly storage: ShapedStorage
  readonly view: StorageView
  /** Close the storage and open it again. */
  reopen(): Promise<ShapedStorage>
}

/** A group of cases, which get their subject when they run. */
export type Cases = (subject: () => Subject) => void

const groups: Readonly<Record<string, Cases>> = {
  'moving data': movingCases,
  keys: keyCases,
  'conditional puts': conditionCases,
  listing: listingCases,
  'many at once': concurrencyCases,
  failures: failureCases,
  persistence: persistenceCases,
  versions: versionCases,
  shaping: shapingCases,
  removing: removingCases,
}

export function objectStorageConformance(name: string, makeHarness: () => Promise<ObjectStorageHarness>): void {
  describe(`${name} is an ObjectStorage`, () => {
    let harness: ObjectStorageHarness
    let storage: ShapedStorage
    let view: StorageView

    beforeEach(async () => {
      harness = await makeHarness()
      storage = await harness.open()
      view = await harness.view()
      await storage.ensureBucket('media-raw', new AbortController().signal)
    })
    afterEach(async () => {
      await view.close()
      await storage.close()
      await harness.dispose()
    })

    const subject = (): Subject => ({
      storage,
      view,
      async reopen() {
        await storage.close()
        storage = await harness.open()
        return storage
      },
    })
    for (const [title, cases] of Object.entries(groups)) describe(title, () => cases(subject))
  })
}

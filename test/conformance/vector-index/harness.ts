/** What the suite needs of a backend, and the small helpers that its cases share. */
import { afterEach, beforeEach } from 'vitest'
import type { IndexRemover, IndexShaper, IndexView, Metadata, VectorIndex, VectorObject } from '../../../src/main/core/ports/vector-index'
import type { ClassModel } from '../../../src/shared/profile/model'

type Index = VectorIndex & IndexShaper & IndexRemover

/** One empty index. Every `open` and `view` of one harness sees the same data. */
export interface IndexHarness {
  open(): Promise<Index>
  view(): Promise<IndexView>
  /** Called once everything that was opened is closed. */
  dispose(): Promise<void>
}

export interface World {
  readonly index: Index
  readonly view: IndexView
  /** Close the index and open it again, as a restart does. */
  reopen(): Promise<Index>
}

/** A fresh world for each case, closed after it. */
export function eachCase(makeHarness: () => Promise<IndexHarness>): World {
  let harness: IndexHarness
  let index: Index
  let view: IndexView
  const opened: (() => Promise<void>)[] = []
  beforeEach(async () => {
    harness = await makeHarness()
    opened.push(() => harness.dispose())
    index = await harness.open()
    opened.push(() => index.close())
    view = await harness.view()
    opened.push(() => view.close())
  })
  afterEach(async () => {
    for (const close of opened.splice(0).reverse()) await close()
  })
  return {
    get index() {
      return index
    },
    get view() {
      return view
    },
    async reopen() {
      await index.close()
      index = await harness.open()
      return index
    },
  }
}

/** A signal that never aborts. */
export const live = new AbortController().signal

export function aborted(reason: unknown): AbortSignal {
  return AbortSignal.abort(reason)
}

export function classOf(name: string, fields: Partial<ClassModel> = {}): ClassModel {
  return { name, vectorizer: 'none', distance: 'cosine', search: 'exact', properties: [], tenants: [], ...fields }
}

export function object(id: string, vector: readonly number[], metadata: Metadata = {}, tenant?: string): VectorObject {
  return { id, vector: Float32Array.from(vector), metadata, ...(tenant === undefined ? {} : { tenant }) }
}

/** Ids that have broken someone's index before. */
export const oddIds = [
  'plain',
  'with space',
  ' ',
  'a/b/c',
  '..',
  'A',
  'a',
  'ключ',
  '\u{1F701}',
  '\u00e9',
  'e\u0301',
  'a\u0000b',
  'line\nbreak',
  '"quoted"',
  "it's",
  '100%',
  '0e2f63e8-6a4c-4a3f-9d3b-5f3a4f6c7d10',
  '0E2F63E8-6A4C-4A3F-9D3B-5F3A4F6C7D10',
  '__proto__',
  'constructor',
  'x'.repeat(1000),
]

/**
 * The one way to the disk. Works that gather while the last commit runs share the next one, in the order in which they were handed
 * in: first their larger bodies are appended to a segment and synced, beside the commit before; then one transaction runs them all.
 * Nobody hears of success before that is on disk. There is no timer: an idle bus does nothing.
 */
import { performance } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import type { Database, FileCheck } from '../sqlite/database'
import { savepoints } from '../sqlite/group-commit'
import type { BodyPlace } from './bodies'
import type { Segments } from './segments'

export interface Turn {
  /** Wall time of the commit, milliseconds since the epoch. */
  readonly now: number
  /** Where the body of this work lies, if it had one to append. */
  readonly stored: BodyPlace | undefined
}

/** What a work answers that does not do what it was asked to. */
export interface Refusal {
  readonly reason: unknown
}

export interface Work {
  /** A body to be put into a segment before `run`. */
  readonly body?: Uint8Array | undefined
  /**
   * A savepoint around it, so that what it throws undoes this work alone. Without one it refuses before it writes, by its answer,
   * and what it throws is a failure of the disk, which fails the whole commit.
   */
  readonly careful: boolean
  run(turn: Turn): Refusal | undefined
  /** It is on disk. */
  done(): void
  /** It was refused, or the commit failed. */
  fail(error: unknown): void
}

export interface Pipeline {
  submit(work: Work): void
  /** Resolves once nothing is under way. */
  idle(): Promise<void>
}

export interface PipelineSide {
  readonly now: () => number
  /** Inside the transaction, before all works. */
  afterBegin(): void
  /** Inside the transaction, after all works. */
  beforeCommit(now: number): void
  /** After the works have heard. */
  afterCommit(): void
  /** What the works did in memory is not so. */
  afterFailure(): void
}

interface Item {
  readonly work: Work
  stored: BodyPlace | undefined
  refusal: Refusal | undefined
}

interface Batch {
  readonly items: Item[]
  /** Resolves when the bodies are on disk, or have failed to be. Undefined where there are none. */
  readonly appended: Promise<void> | undefined
}

/** They bound how long one commit occupies the thread, and how much it holds. */
const MOST_WORKS = 1_024
const MOST_BYTES = 1024 * 1024
const MOST_MILLISECONDS = 4

export function openPipeline(db: Database, check: FileCheck, segments: Segments, side: PipelineSide): Pipeline {
  let waiting: Item[] = []
  let running: Promise<void> | undefined

  const attempt = savepoints(db)

  function run({ work, stored }: Item, now: number): Refusal | undefined {
    const turn = { now, stored }
    if (!work.careful) return work.run(turn)
    const result = attempt(() => work.run(turn))
    return 'reason' in result ? result : result.value
  }

  /** Runs as many works as fit into one commit, and answers how many those were. */
  const together = db.transaction((items: readonly Item[]) => {
    const started = performance.now()
    const now = side.now()
    let count = 0
    side.afterBegin()
    for (const item of items) {
      item.refusal ??= run(item, now)
      count += 1
      if (count % 64 === 0 && performance.now() - started > MOST_MILLISECONDS) break
    }
    side.beforeCommit(now)
    return count
  })

  function commit(items: Item[]): void {
    let count = items.length
    try {
      check.require()
      // Immediate: a work that reads before it writes must not find that another connection wrote in between.
      count = together.immediate(items)
    } catch (error) {
      side.afterFailure()
      for (const { work, refusal } of items.splice(0)) work.fail(refusal === undefined ? error : refusal.reason)
      return
    }
    for (const { work, refusal } of items.splice(0, count)) {
      if (refusal === undefined) work.done()
      else work.fail(refusal.reason)
    }
    side.afterCommit()
  }

  /** The next works, of bounded size, with their bodies on the way to the disk. */
  function take(): Batch {
    let bytes = 0
    let count = 0
    for (const { work } of waiting) {
      if (count === MOST_WORKS || bytes >= MOST_BYTES) break
      bytes += work.body?.byteLength ?? 0
      count += 1
    }
    const items = count === waiting.length ? waiting : waiting.slice(0, count)
    waiting = count === waiting.length ? [] : waiting.slice(count)
    return { items, appended: bytes === 0 ? undefined : append(items) }
  }

  async function append(items: readonly Item[]): Promise<void> {
    const withBody = items.flatMap((item) => (item.work.body === undefined ? [] : [{ item, body: item.work.body }]))
    try {
      check.require()
      const places = await segments.append(withBody.map(({ body }) => body))
      for (const [i, { item }] of withBody.entries()) item.stored = places[i]
    } catch (error) {
      for (const { item } of withBody) item.refusal = { reason: error }
    }
  }

  async function flow(): Promise<void> {
    // Gathers what is handed in during this turn of the event loop.
    await setImmediate()
    for (let batch = take(); batch.items.length > 0; ) {
      const { items, appended } = batch
      await appended
      const segment = items.find(({ stored }) => stored !== undefined)?.stored?.segment
      // The next bodies are written while this thread commits.
      batch = take()
      while (items.length > 0) {
        commit(items)
        if (items.length > 0) await setImmediate()
      }
      if (segment !== undefined) segments.settled([segment])
      if (batch.appended === undefined) {
        // Others get their turn, and more gathers.
        await setImmediate()
        if (batch.items.length === 0) batch = take()
      }
    }
    running = undefined
  }

  return {
    submit(work) {
      waiting.push({ work, stored: undefined, refusal: undefined })
      running ??= flow()
    },
    async idle() {
      while (running !== undefined) await running
    },
  }
}

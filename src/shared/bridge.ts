/**
 * The bridge between the desktop window and the Electron main process: channel names and what travels on them.
 * Errors lose their class on this way, so results travel as data. Types only, so that the preload script stays tiny.
 */
import type { ErrorBody } from './errors'
import type { Notice } from './node-contract'

/** Calls of the node contract, answered one by one. */
export const callChannel = 'thatdam:call'

/** Towards the main process: `true` starts notices for this window and `false` ends them. Towards the window: the notices. */
export const noticeChannel = 'thatdam:notice'

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorBody }

/** Notices in the order in which they happened. After an answer that is not `ok` no more will come. */
export type NoticeBatch = Answer<readonly Notice[]>

/** What the preload script exposes to the page as `window.thatdam`. */
export interface Bridge {
  call(name: string, input: unknown): Promise<Answer<unknown>>
  /** One subscription per window; a new one replaces the one before. The returned function ends it. */
  onNotice(listener: (batch: NoticeBatch) => void): () => void
}

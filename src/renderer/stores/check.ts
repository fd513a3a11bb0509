/** "Check now": one look at the whole world and its outcome. */
import { createStore, type StoreApi } from 'zustand/vanilla'
import { type ErrorBody, toErrorBody } from '../../shared/errors'
import type { NodeClient } from '../../shared/node-contract'
import type { ApplyResult } from '../../shared/plan'

export type Check =
  | { readonly phase: 'idle' }
  | { readonly phase: 'running' }
  /** `at`: when it ended, in milliseconds since the epoch. */
  | { readonly phase: 'done'; readonly result: ApplyResult; readonly at: number }
  | { readonly phase: 'failed'; readonly error: ErrorBody; readonly at: number }

export type CheckStore = StoreApi<Check>

export function createCheckStore(): CheckStore {
  return createStore<Check>()(() => ({ phase: 'idle' }))
}

/** Plan and apply the current profile. A second call while one runs does nothing. Never rejects. */
export async function checkNow(store: CheckStore, client: NodeClient, now: () => number): Promise<void> {
  if (store.getState().phase === 'running') return
  store.setState({ phase: 'running' }, true)
  try {
    const result = await client.call('apply', {})
    store.setState({ phase: 'done', result, at: now() }, true)
  } catch (error) {
    store.setState({ phase: 'failed', error: toErrorBody(error), at: now() }, true)
  }
}

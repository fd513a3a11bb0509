/** What the node last said about itself; null before it said anything. It stays when the node goes away. */
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Status } from '../../shared/status'

export type StatusStore = StoreApi<{ readonly status: Status | null }>

export function createStatusStore(): StatusStore {
  return createStore<{ readonly status: Status | null }>()(() => ({ status: null }))
}

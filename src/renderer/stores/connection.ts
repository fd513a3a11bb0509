/** Whether the page is in touch with its node. */
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { ErrorBody } from '../../shared/errors'

export type Connection =
  | { readonly phase: 'connecting' }
  | { readonly phase: 'live' }
  /** `since`: when the contact was lost, or could not be made, in milliseconds since the epoch. */
  | { readonly phase: 'lost'; readonly error: ErrorBody; readonly since: number }
  /** Nothing more will come until the person signs in and the page is loaded again. */
  | { readonly phase: 'signed-out'; readonly error: ErrorBody }

export type ConnectionStore = StoreApi<Connection>

export function createConnectionStore(): ConnectionStore {
  return createStore<Connection>()(() => ({ phase: 'connecting' }))
}

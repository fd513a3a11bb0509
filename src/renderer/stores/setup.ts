/** Setting a fresh data directory up: what starting would make, and the start itself. */
import { createStore, type StoreApi } from 'zustand/vanilla'
import { type ErrorBody, toErrorBody } from '../../shared/errors'
import type { NodeClient, Setup } from '../../shared/node-contract'

interface SetupState {
  readonly setup: Setup | null
  readonly starting: boolean
  readonly error: ErrorBody | null
}

export type SetupStore = StoreApi<SetupState>

export function createSetupStore(): SetupStore {
  return createStore<SetupState>()(() => ({ setup: null, starting: false, error: null }))
}

/** Ask what starting would make. Never rejects. */
export async function loadSetup(store: SetupStore, client: NodeClient): Promise<void> {
  try {
    store.setState({ setup: await client.call('setup', {}), error: null })
  } catch (error) {
    store.setState({ error: toErrorBody(error) })
  }
}

/** Set up and converge. What follows arrives as notices. A second call while one runs does nothing. Never rejects. */
export async function start(store: SetupStore, client: NodeClient): Promise<void> {
  if (store.getState().starting) return
  store.setState({ starting: true, error: null })
  try {
    await client.call('start', {})
  } catch (error) {
    store.setState({ error: toErrorBody(error) })
  } finally {
    store.setState({ starting: false })
  }
}

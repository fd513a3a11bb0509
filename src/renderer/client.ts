/** Which way leads to the node: the bridge of the desktop window, or HTTP to where the page came from. */
import type { Bridge } from '../shared/bridge'
import { createHttpClient } from '../shared/http-client'
import type { NodeClient } from '../shared/node-contract'
import { createIpcClient } from './ipc-client'

export function createClient(page: Window & { readonly thatdam?: Bridge }): NodeClient {
  return page.thatdam === undefined
    ? createHttpClient({ url: page.location.origin, fetch: (url, init) => page.fetch(url, init) })
    : createIpcClient(page.thatdam)
}

/** A proxy before a real server, closed with the test. */
import { onTestFinished } from 'vitest'
import type { Certificate } from './certificate'
import { type NetworkProxy, openProxy } from './open-proxy'

export type { NetworkProxy } from './open-proxy'

/** A proxy before the server of `address`. With a certificate, it speaks TLS to its clients. */
export async function proxyTo(address: string, certificate?: Certificate): Promise<NetworkProxy> {
  const proxy = await openProxy(address, certificate)
  onTestFinished(() => proxy.close())
  return proxy
}

/** A proxy before a real server, closed with the test. */
import { onTestFinished } from 'vitest'
import type { Certificate } from './certificate'
import { openProxy, type Proxy } from './open-proxy'

export type { Direction, Proxy } from './open-proxy'

/** A proxy before the server of `address`. With a certificate, it speaks TLS to its clients. */
export async function proxyTo(address: string, certificate?: Certificate): Promise<Proxy> {
  const proxy = await openProxy(address, certificate)
  onTestFinished(() => proxy.close())
  return proxy
}

import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Where to look: below the ports that systems give to outgoing connections (32768 and up on Linux), so that no connection takes the port
 * of a server that is down for a moment.
 */
const first = 20_000
const last = 32_000

/** By this process, for servers that do not listen yet, or are down for a moment. */
const given = new Set()

/** `count` free ports in a row, none of them ever given before; some servers want two next to each other. */
export async function freePorts(count, random = Math.random) {
  for (let attempt = 0; attempt < 100; attempt++) {
    const start = first + Math.floor(random() * (last - first - count))
    const ports = Array.from({ length: count }, (_, i) => start + i)
    if (ports.some((port) => given.has(port))) continue
    for (const port of ports) given.add(port)
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return ports
  }
  throw new Error(`No ${count} free ports in a row were found between ${first} and ${last}.`)
}

/** On every interface: not all servers can be told to keep to loopback. */
async function isFree(port) {
  const server = createServer()
  try {
    server.listen({ port, host: '0.0.0.0', exclusive: true })
    await once(server, 'listening')
  } catch (error) {
    if (error.code === 'EADDRINUSE' || error.code === 'EACCES') return false
    throw error
  }
  server.close()
  await once(server, 'close')
  return true
}

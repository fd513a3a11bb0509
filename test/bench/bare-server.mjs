/** The least that stores and serves files over HTTP, durably: what the data plane is measured against. Prints its URL. */
import { createReadStream, createWriteStream } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

const directory = process.argv[2]
let puts = 0

async function put(request, path) {
  const incoming = join(directory, `.incoming-${puts++}`)
  await pipeline(request, createWriteStream(incoming, { flush: true }))
  await rename(incoming, path)
  const parent = await open(directory, 'r')
  try {
    await parent.sync()
  } finally {
    await parent.close()
  }
}

const server = createServer(async (request, response) => {
  const path = join(directory, encodeURIComponent(request.url.slice(1)))
  try {
    if (request.method === 'PUT') {
      await put(request, path)
      response.end()
      return
    }
    const file = await open(path, 'r')
    const { size } = await file.stat()
    response.writeHead(200, { 'content-length': size })
    await pipeline(createReadStream('', { fd: file }), response)
  } catch (error) {
    response.destroy(error)
  }
})
// A connection that is left open between two rounds is used again.
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
